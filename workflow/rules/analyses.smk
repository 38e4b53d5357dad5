# An analysis decides itself which tables it makes, so each has a rule of its own.
for analysis in experiment.analyses:
    every_run = plan.every_run(analysis)

    rule:
        name:
            f"analysis_{analysis}"
        input:
            lambda w, analysis=analysis: plan.analysis_inputs(
                experiment, results, plan.run_of(analysis, w)
            ),
        output:
            plan.analysis_outputs(results, every_run),
        log:
            f"results/logs/{analysis}/{every_run.label}.log",
        benchmark:
            f"results/benchmarks/{analysis}/{every_run.label}.tsv"
        conda:
            "../envs/jaxda.yaml"
        threads: 1
        resources:
            mem_mb=plan.memory(4000),
        params:
            spec=lambda w, analysis=analysis: plan.spec_analysis(
                experiment, plan.run_of(analysis, w)
            ),
            code=lambda w, analysis=analysis: plan.code_analysis(
                experiment, plan.run_of(analysis, w)
            ),
            name=analysis,
            model=lambda w: f"-k {w.model}" if hasattr(w, "model") else "",
        shell:
            "JAXDA_DEVICES={threads} jaxda analyse {params.name} -c {params.spec:q} -s {wildcards.scenario:q} "
            "-m {wildcards.source:q} {params.model} -r results 2> {log:q}"
