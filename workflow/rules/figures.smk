rule figure:
    """A figure from tables, with its caption and findings."""
    input:
        lambda w: plan.figure_inputs(experiment, results, w.figure),
    output:
        svg=report(
            "results/figures/{figure}.svg",
            caption="../report/figure.rst",
            category="Figures",
            labels={"figure": "{figure}"},
        ),
        png="results/figures/{figure}.png",
        findings="results/figures/{figure}.json",
    log:
        "results/logs/figure/{figure}.log",
    conda:
        "../envs/jaxda.yaml"
    threads: 1
    params:
        spec=lambda w: plan.spec_figure(experiment, w.figure),
        code=lambda w: plan.code_figure(experiment, w.figure),
    shell:
        "jaxda figure {wildcards.figure:q} -c {params.spec:q} -r results 2> {log:q}"


rule report:
    """One page that opens offline and tells the findings in words and numbers."""
    input:
        figures=[results.figure(f, s) for f in experiment.figures for s in ("svg", "json")],
        summaries=[
            results.summary(s, kind)
            for s in plan.fitted(experiment)
            for kind in ("comparison", "confusion", "recovery")
        ],
        fits=[
            results.fits(s, g, m)
            for s in plan.fitted(experiment)
            for g in plan.sources(experiment, s)
            for m in plan.candidates(experiment, s)
        ],
        analyses=[
            path
            for run in plan.analysed(experiment)
            for path in plan.analysis_outputs(results, run)
        ],
        batches=plan.batch_outputs(experiment, results),
        landmarks=[results.landmark(n, "json") for n in plan.gallery(experiment)],
        pictures=[results.landmark(n, "svg") for n in plan.pictured(plan.gallery(experiment))],
        conditions=[results.condition(n) for n in plan.conditions(experiment)],
        doses=[
            results.dose(s, g) for s in plan.dosed(experiment) for g in plan.sources(experiment, s)
        ],
    output:
        report(
            "results/report.html",
            caption="../report/overview.rst",
            category="0 Overview",
            labels={"page": "overview"},
        ),
    log:
        "results/logs/report.log",
    conda:
        "../envs/jaxda.yaml"
    threads: 1
    params:
        spec=lambda w: plan.spec_report(experiment),
        code=plan.code_report(),
    shell:
        "jaxda report -c {params.spec:q} -r results 2> {log:q}"
