"""The control API under `/_sim/`: what a test or a developer does to the simulated WeChat."""
