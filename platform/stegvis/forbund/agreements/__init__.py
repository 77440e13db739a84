"""Documents signed by several: ansökan and överenskommelse, with e-ID, on paper, or both."""
