# For those who have make; `sh run.sh JOB` is the same without it.
.PHONY: demo test bench
demo test bench:
	@sh run.sh $@
