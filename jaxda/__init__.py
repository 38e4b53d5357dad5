"""jaxda: a differentiable laboratory for reward-prediction-error accounts of dopamine."""

__version__ = "0.1.0"
