"""Reports of runs: verdict and changes, failures by cause, files for other programs, and links for other people."""
