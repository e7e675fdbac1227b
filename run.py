"""Makes the application and serves it: `python run.py 0.0.0.0 8080`, or gunicorn with `run:app`."""

import sys

import config
from wxcloudrun.app import create_app


def _application() -> object:
    try:
        settings = config.load()
    except config.ConfigurationError as error:
        sys.exit(f"Cannot start: {error}")
    return create_app(settings)


app = _application()


def main(arguments: list[str]) -> None:
    """Serve with Flask's own threaded server on the given address and port, or on HOST and PORT."""
    settings = config.load()
    host = arguments[0] if arguments else settings.host
    port = int(arguments[1]) if len(arguments) > 1 else settings.port
    app.run(host=host, port=port, threaded=True, debug=settings.debug, use_reloader=settings.debug)


if __name__ == "__main__":
    main(sys.argv[1:])
