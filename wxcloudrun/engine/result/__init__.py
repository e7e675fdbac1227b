"""What comes out: plain data in which secrets are masked, and the sentences that explain a failure."""
