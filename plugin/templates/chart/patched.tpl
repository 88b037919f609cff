{{- define "[[chart.name]].[[w.name]].@PART@" -}}
#@ object
{{- end }}
{{- $object := include "[[chart.name]].[[w.name]].@PART@" . | fromYaml }}
{{- if $object }}
#% if "@PART@" == "service"
{{- toYaml (mergeOverwrite $object (deepCopy [[w.v]].patches.service)) }}
#% else
{{- $object = mergeOverwrite $object (deepCopy [[w.v]].patches.object) }}
#% if w.kind == "cron"
{{- $pod := $object.spec.jobTemplate.spec.template.spec }}
#% else
{{- $pod := $object.spec.template.spec }}
#% endif
{{- $_ := mergeOverwrite $pod (deepCopy [[w.v]].patches.pod) }}
{{- range $container := $pod.containers }}
{{- if eq $container.name "[[w.name]]" }}
{{- $_ := mergeOverwrite $container (deepCopy $[[w.v]].patches.container) }}
{{- end }}
{{- end }}
{{- toYaml $object }}
#% endif
{{- end }}
