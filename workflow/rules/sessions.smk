rule simulate:
    """Sessions of one generating variant in one scenario, and the truth behind them."""
    output:
        sessions="results/{scenario}/{source}/sessions.parquet",
        truth="results/{scenario}/{source}/truth.parquet",
    log:
        "results/logs/simulate/{scenario}.{source}.log",
    benchmark:
        "results/benchmarks/simulate/{scenario}.{source}.tsv"
    wildcard_constraints:
        scenario="|".join(experiment.scenarios) or "none",
    conda:
        "../envs/jaxda.yaml"
    threads: 1
    resources:
        mem_mb=plan.memory(2000),
    params:
        spec=lambda w: plan.spec_simulate(experiment, w.scenario, w.source),
        code=lambda w: plan.code_simulate(experiment, w.scenario, w.source),
    shell:
        "JAXDA_DEVICES={threads} jaxda simulate -c {params.spec:q} -s {wildcards.scenario:q} -m {wildcards.source:q} "
        "-r results 2> {log:q}"


rule read:
    """A lab's own table, checked and brought into the form of simulated sessions."""
    input:
        ancient(lambda w: experiment.datasets[w.scenario].path),
    output:
        "results/{scenario}/data/sessions.parquet",
    log:
        "results/logs/read/{scenario}.log",
    wildcard_constraints:
        scenario="|".join(experiment.datasets) or "none",
    conda:
        "../envs/jaxda.yaml"
    threads: 1
    params:
        spec=lambda w: plan.spec_read(experiment, w.scenario),
        content=lambda w: plan.content_of(experiment, w.scenario),
        code=plan.code_read(),
    shell:
        "jaxda read -c {params.spec:q} -d {wildcards.scenario:q} -r results 2> {log:q}"
