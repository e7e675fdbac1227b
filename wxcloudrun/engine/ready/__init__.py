"""A plan made ready: everything that can be compiled or refused is, before anything is sent."""
