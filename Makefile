# For those who have make; `sh run.sh JOB` is the same without it.
.PHONY: demo test gpu-test bench
demo test gpu-test bench:
	@sh run.sh $@
