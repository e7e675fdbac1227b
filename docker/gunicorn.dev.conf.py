"""How gunicorn serves while the code is being changed: one process, read anew after each change."""

bind = "0.0.0.0:8080"
worker_class = "gthread"
workers = 1
threads = 8
preload_app = False
control_socket_disable = True
