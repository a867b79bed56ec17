from types import SimpleNamespace

import pytest

from trainer.errors import ConfigError
from trainer.training.model_checks import check_trainer


def divided(**facts):
    """A trainer of a run with FSDP, which this machine cannot start: what is asked of one before anything is made."""
    settings = SimpleNamespace(torch_compile_mode=None, fsdp=True)
    facts = {"average": False, "run_config": SimpleNamespace(start_share=0.0, age_temperature=1.0)} | facts
    return SimpleNamespace(args=settings, is_deepspeed_enabled=False, **facts)


def test_fsdp_that_would_divide_nothing_is_a_sentence():
    with pytest.raises(ConfigError, match="`training.fsdp` divides the weights among several GPUs, a process each"):
        check_trainer(divided(is_fsdp_enabled=False))


def test_divided_weights_are_not_averaged():
    with pytest.raises(ConfigError, match="`ema_decay` averages whole weights, and FSDP and DeepSpeed divide them"):
        check_trainer(divided(is_fsdp_enabled=True, average=True))
    with pytest.raises(ConfigError, match="`start_share` averages whole weights"):
        check_trainer(divided(is_fsdp_enabled=True, run_config=SimpleNamespace(start_share=0.3)))
    with pytest.raises(ConfigError, match="`age_temperature` changes whole weights"):
        check_trainer(divided(is_fsdp_enabled=True, run_config=SimpleNamespace(start_share=0.0, age_temperature=0.8)))
