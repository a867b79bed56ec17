#!/bin/bash
# Labels photos on several nodes of a Slurm cluster:
#
#     sbatch labelling/clusters/slurm.sh /shared/photos /shared/faces
#
# The clone, its environment and both folders are on a file system that all nodes share. Submitted again after the time
# is over, the job goes on where it stopped.
#SBATCH --job-name=labelling
#SBATCH --nodes=4
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=16
#SBATCH --mem-per-cpu=2G
#SBATCH --time=24:00:00
#SBATCH --requeue
#SBATCH --signal=INT@60
set -euo pipefail

export OMP_NUM_THREADS=1 RAY_USAGE_STATS_ENABLED=0
# Whoever reaches a Ray cluster may run code in it: this one asks for a secret of this job.
export RAY_AUTH_MODE=token
RAY_AUTH_TOKEN=$(cat /proc/sys/kernel/random/uuid)
export RAY_AUTH_TOKEN
head=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)

# Starts Ray on every node, runs the command on the first one, and stops Ray. From Slurm 22.05 on, srun does not inherit
# the cores of a task, and would bind each node's Ray to one.
srun --cpus-per-task "$SLURM_CPUS_PER_TASK" ray symmetric-run \
  --address "$head:6379" --min-nodes "$SLURM_JOB_NUM_NODES" --num-cpus "$SLURM_CPUS_PER_TASK" -- \
  python -m labelling "$1" "$2" --address auto --report
