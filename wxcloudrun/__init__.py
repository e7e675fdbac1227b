"""A WeChat mini-program backend whose subject is API regression testing for a team."""
