"""Pure functions of their arguments: no Streamlit, torch, clock or global RNG."""
