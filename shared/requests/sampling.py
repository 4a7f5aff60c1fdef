"""How codes are drawn: the sampling parameters of the talker and of its code predictor."""

from pydantic import BaseModel, ConfigDict, Field


class Sampling(BaseModel):
    """Defaults are those that the released checkpoints carry in `generation_config.json`."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True
    )

    do_sample: bool = True
    """Draw the talker's codes at random (off: always the likeliest, which often never ends)."""
    temperature: float = Field(default=0.9, gt=0, le=2)
    """Randomness of the talker: lower is flatter and safer, higher is livelier."""
    top_k: int = Field(default=50, ge=0, le=2048)
    """How many of the likeliest codes the talker chooses from; 0 is all of them."""
    top_p: float = Field(default=1.0, gt=0, le=1)
    """Share of probability that the talker chooses from."""
    repetition_penalty: float = Field(default=1.05, ge=1, le=2)
    """How much the talker avoids codes it has used."""
    subtalker_dosample: bool = True
    """Draw the code predictor's codes at random."""
    subtalker_temperature: float = Field(default=0.9, gt=0, le=2)
    """Randomness of the code predictor, which fills in the detail of each frame."""
    subtalker_top_k: int = Field(default=50, ge=0, le=2048)
    """How many of the likeliest codes the code predictor chooses from; 0 is all of them."""
    subtalker_top_p: float = Field(default=1.0, gt=0, le=1)
    """Share of probability that the code predictor chooses from."""
