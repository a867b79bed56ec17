"""`python -m labelling SOURCE OUT`: the faces of many photos as Parquet, on one machine or a cluster, by Ray Data."""
