# Everything here needs a Python of 3.11 or newer and nothing else installed by hand.
# PORT=8001 make run   serves elsewhere      VERBOSE=1 make run   shows all output
ifndef PYTHON
PYTHON := $(shell sh deploy/local/find-python.sh)
endif

.DEFAULT_GOAL := run
.PHONY: run test check bench chaos lock
run test check bench chaos lock:
	@test -n "$(PYTHON)" && exec $(PYTHON) -m deploy.local $@ $(ARGS)
