{{/* Name of the chart in labels. */}}
{{- define "[[chart.name]].name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* Name of the release's objects; the release's own when it contains the chart's. */}}
{{- define "[[chart.name]].fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- $name := default .Chart.Name .Values.nameOverride }}
{{- if contains $name .Release.Name }}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}
{{- end }}

{{/* Full name with a suffix that survives the limit of 63 characters, or a lower one;
     cut more where it would be the full name again.
     Takes (dict "context" $ "suffix" "…"), perhaps with "limit". */}}
{{- define "[[chart.name]].suffixed" -}}
{{- $name := include "[[chart.name]].fullname" .context }}
{{- $room := sub (int (default 63 .limit)) (add1 (len .suffix)) | int }}
{{- if eq $name (printf "%s-%s" (trunc $room $name | trimSuffix "-") .suffix) }}
{{- $room = sub $room 2 | int }}
{{- end }}
{{- printf "%s-%s" (trunc $room $name | trimSuffix "-") .suffix }}
{{- end }}

{{/* Chart and version as a label. */}}
{{- define "[[chart.name]].chart" -}}
{{- printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* Labels that select one component's pods. Takes (dict "context" $ "component" "…"). */}}
{{- define "[[chart.name]].selectorLabels" -}}
app.kubernetes.io/name: {{ include "[[chart.name]].name" .context | quote }}
app.kubernetes.io/instance: {{ .context.Release.Name | quote }}
app.kubernetes.io/component: {{ .component | quote }}
{{- end }}

{{/* Labels of an object. Takes (dict "context" $ "component" "…"). */}}
{{- define "[[chart.name]].labels" -}}
helm.sh/chart: {{ include "[[chart.name]].chart" .context }}
{{ include "[[chart.name]].selectorLabels" . }}
{{- with .context.Chart.AppVersion }}
app.kubernetes.io/version: {{ . | replace "+" "_" | trunc 63 | trimSuffix "-" | quote }}
{{- end }}
app.kubernetes.io/part-of: {{ include "[[chart.name]].name" .context | quote }}
app.kubernetes.io/managed-by: {{ .context.Release.Service }}
{{- with .context.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Labels of a pod: without versions, so that a new chart alone restarts nothing.
     Takes (dict "context" $ "component" "…" "own" (dict)). */}}
{{- define "[[chart.name]].podLabels" -}}
{{ include "[[chart.name]].selectorLabels" . }}
app.kubernetes.io/part-of: {{ include "[[chart.name]].name" .context | quote }}
{{- with merge (dict) (default dict .own) .context.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Annotations of an object besides its own. */}}
{{- define "[[chart.name]].annotations" -}}
{{- with .Values.commonAnnotations }}
{{- toYaml . }}
{{- end }}
{{- end }}

{{/* Name of the service account. */}}
{{- define "[[chart.name]].serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "[[chart.name]].fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{/* Reference of an image. Takes (dict "context" $ "image" .Values.….image). */}}
{{- define "[[chart.name]].image" -}}
{{- with default .image.registry (.context.Values.global).imageRegistry }}{{ . }}/{{ end }}
{{- .image.repository }}
{{- if .image.digest }}@{{ .image.digest }}
{{- else }}:{{ default .context.Chart.AppVersion .image.tag | replace "+" "_" }}
{{- end }}
{{- end }}

{{/* Pull secrets of the release and of the chart. */}}
{{- define "[[chart.name]].imagePullSecrets" -}}
{{- $names := list }}
{{- range concat (default list (.Values.global).imagePullSecrets) .Values.imagePullSecrets }}
{{- $name := . }}
{{- if kindIs "map" . }}{{ $name = .name }}{{ end }}
{{- $names = append $names $name }}
{{- end }}
{{- with uniq $names -}}
imagePullSecrets:
  {{- range . }}
  - name: {{ . | quote }}
  {{- end }}
{{- end }}
{{- end }}

{{/* Security of a pod within the restricted standard. Takes .Values.….podSecurity. */}}
{{- define "[[chart.name]].podSecurityContext" -}}
runAsNonRoot: true
{{- with .runAsUser }}
runAsUser: {{ int64 . }}
{{- end }}
{{- with .runAsGroup }}
runAsGroup: {{ int64 . }}
{{- end }}
{{- with .fsGroup }}
fsGroup: {{ int64 . }}
fsGroupChangePolicy: OnRootMismatch
{{- end }}
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{/* Security of a container within the restricted standard. Takes .Values.….podSecurity. */}}
{{- define "[[chart.name]].containerSecurityContext" -}}
allowPrivilegeEscalation: false
privileged: false
readOnlyRootFilesystem: {{ .readOnlyRootFilesystem }}
capabilities:
  drop:
    - ALL
{{- end }}

{{/* A value of a variable as text: numbers from values files arrive as floats. */}}
{{- define "[[chart.name]].text" -}}
{{- if and (kindIs "float64" .) (eq (floor .) .) }}{{ int64 . }}{{ else }}{{ . }}{{ end }}
{{- end }}

{{/* Plain variables as a container lists them, each after those that its text names:
     Kubernetes expands only what stands before. Takes maps; the last one wins. */}}
{{- define "[[chart.name]].plainVariables" -}}
{{- $left := dict }}
{{- range . }}
{{- range $name, $value := . }}
{{- $_ := set $left $name (include "[[chart.name]].text" $value) }}
{{- end }}
{{- end }}
{{- range until (len $left) }}
{{- range $name, $text := $left }}
{{- $waits := false }}
{{- range $other := keys $left }}
{{- if and (ne $other $name) (contains (printf "$(%s)" $other) $text) }}
{{- $waits = true }}
{{- end }}
{{- end }}
{{- if not $waits }}
- name: {{ $name | quote }}
  value: {{ $text | quote }}
{{- $_ := unset $left $name }}
{{- end }}
{{- end }}
{{- end }}
{{- range $name, $text := $left }}
- name: {{ $name | quote }}
  value: {{ $text | quote }}
{{- end }}
{{- end }}
#% for w in workloads

{{/* Name of the objects of [[w.name]]. */}}
{{- define "[[chart.name]].[[w.name]].fullname" -}}
#% if w.named
{{- include "[[chart.name]].suffixed" (dict "context" . "suffix" "[[w.name]]"<% if w.kind == "cron" or w.kind == "stateful" or w.kind == "job" %> "limit" 52<% endif %>) }}
#% elif w.kind == "cron" or w.kind == "stateful" or w.kind == "job"
{{- include "[[chart.name]].fullname" . | trunc 52 | trimSuffix "-" }}
#% else
{{- include "[[chart.name]].fullname" . }}
#% endif
{{- end }}

{{/* Name of the ConfigMap with the variables of [[w.name]]. */}}
{{- define "[[chart.name]].[[w.name]].config" -}}
{{- include "[[chart.name]].suffixed" (dict "context" . "suffix" "<% if w.named %>[[w.name]]-<% endif %>config") }}
{{- end }}

{{/* Variables of [[w.name]] that are no secrets. */}}
{{- define "[[chart.name]].[[w.name]].env" -}}
{{- $env := dict }}
#% for variable in w.variables.labels
{{- $_ := set $env "[[variable.variable]]" (index .Values.commonLabels "[[variable.label]]" | default "") }}
#% endfor
{{- range $name, $value := [[w.v]].env }}
{{- $_ := set $env $name (include "[[chart.name]].text" $value) }}
{{- end }}
{{- range $name, $text := $env }}
{{ $name | quote }}: {{ $text | quote }}
{{- end }}
{{- end }}
#% if w.has_files

{{/* Name of the ConfigMap with the files of [[w.name]]. */}}
{{- define "[[chart.name]].[[w.name]].files" -}}
{{- include "[[chart.name]].suffixed" (dict "context" . "suffix" "<% if w.named %>[[w.name]]-<% endif %>files") }}
{{- end }}
#% endif

{{/* What pods of [[w.name]] read from ConfigMaps: they restart when it changes. */}}
{{- define "[[chart.name]].[[w.name]].settings" -}}
{{- include "[[chart.name]].[[w.name]].env" . }}
#% if w.like
{{- include "[[chart.name]].[[w.like]].env" . }}
#% endif
#% if w.like_files
{{- toYaml [[w.like_v]].files }}
#% endif
#% if w.files
{{- toYaml [[w.v]].files }}
#% endif
#% for c in w.sidecars + w.init
#% if c.files
{{- toYaml [[c.v]].files }}
#% endif
#% endfor
{{- end }}
#% if w.kind == "stateful"

{{/* Name of the Service that names each pod of [[w.name]]. */}}
{{- define "[[chart.name]].[[w.name]].headless" -}}
{{- include "[[chart.name]].suffixed" (dict "context" . "suffix" "<% if w.named %>[[w.name]]-<% endif %>headless") }}
{{- end }}
#% endif
#% if w.account

{{/* Name of the service account of [[w.name]]. */}}
{{- define "[[chart.name]].[[w.name]].serviceAccountName" -}}
{{- if [[w.v]].serviceAccount.create }}
{{- default (include "[[chart.name]].suffixed" (dict "context" . "suffix" "[[w.name]]-account")) [[w.v]].serviceAccount.name }}
{{- else }}
{{- default "default" [[w.v]].serviceAccount.name }}
{{- end }}
{{- end }}
#% endif
#% if w.always

{{/* Fewest pods of [[w.name]]. */}}
{{- define "[[chart.name]].[[w.name]].least" -}}
#% if w.scaling == "hpa"
{{- if [[w.v]].autoscaling.enabled }}{{ int [[w.v]].autoscaling.minReplicas }}{{ else }}{{ int [[w.v]].replicaCount }}{{ end }}
#% elif w.scaling == "keda"
{{- if [[w.v]].keda.enabled }}{{ int [[w.v]].keda.minReplicas }}{{ else }}{{ int [[w.v]].replicaCount }}{{ end }}
#% else
{{- int [[w.v]].replicaCount }}
#% endif
{{- end }}

{{/* Most pods of [[w.name]]. */}}
{{- define "[[chart.name]].[[w.name]].most" -}}
#% if w.scaling == "hpa"
{{- if [[w.v]].autoscaling.enabled }}{{ int [[w.v]].autoscaling.maxReplicas }}{{ else }}{{ int [[w.v]].replicaCount }}{{ end }}
#% elif w.scaling == "keda"
{{- if [[w.v]].keda.enabled }}{{ int [[w.v]].keda.maxReplicas }}{{ else }}{{ int [[w.v]].replicaCount }}{{ end }}
#% else
{{- int [[w.v]].replicaCount }}
#% endif
{{- end }}
#% else

{{/* Seconds that pods of [[w.name]] may wait before they work. */}}
{{- define "[[chart.name]].[[w.name]].waiting" -}}
#% if w.waits
{{- if has (include "[[chart.name]].migration.strategy" .) (list "job" "init-container") }}{{ add (int .Values.migration.databaseTimeout) (int .Values.migration.timeout) }}{{ else }}300{{ end }}
#% elif w.awaits
{{- 300 }}
#% else
{{- 0 }}
#% endif
{{- end }}
#% endif
#% endfor
#% if migration

{{/* How the migrations run; empty if they do not. */}}
{{- define "[[chart.name]].migration.strategy" -}}
{{- if .Values.migration.enabled }}<% if migration.strategies | length > 1 %>{{ .Values.migration.strategy }}<% else %>[[migration.strategy]]<% endif %>{{ end }}
{{- end }}

{{/* Variables of the migrations that are no secrets. */}}
{{- define "[[chart.name]].migration.env" -}}
{{- $env := dict }}
#% for model in migration.models
#% for variable in model.labels
{{- $_ := set $env "[[variable.variable]]" (index .Values.commonLabels "[[variable.label]]" | default "") }}
#% endfor
{{- range $name, $value := <% if model.replaced %>omit <% endif %>[[model.v]].env<% for name in model.replaced %> "[[name]]"<% endfor %> }}
{{- $_ := set $env $name (include "[[chart.name]].text" $value) }}
{{- end }}
#% endfor
#% for variable in migration.variables.labels
{{- $_ := set $env "[[variable.variable]]" (index .Values.commonLabels "[[variable.label]]" | default "") }}
#% endfor
{{- range $name, $value := .Values.migration.env }}
{{- $_ := set $env $name (include "[[chart.name]].text" $value) }}
{{- end }}
{{- include "[[chart.name]].plainVariables" (list $env) }}
{{- end }}
#% endif
#% for one in secret.own

{{/* Secret that holds [[one.key]], and its key there. */}}
{{- define "[[chart.name]].secret.[[one.key]].name" -}}
{{- if [[one.v]].existingSecret }}{{ [[one.v]].existingSecret }}
#% if secret.own_external
{{- else if [[one.v]].remoteKey }}{{ include "[[chart.name]].suffixed" (dict "context" . "suffix" "external") }}
#% endif
#% if secret.any
{{- else }}{{ include "[[chart.name]].secretName" . }}
#% endif
{{- end }}
{{- end }}
{{- define "[[chart.name]].secret.[[one.key]].key" -}}
{{- default "[[one.key]]" [[one.v]].key }}
{{- end }}
#% endfor
#% if secret.any

{{/* Name of the Secret. Reads only the release and global values, because the
     subcharts ask it too. */}}
{{- define "[[chart.name]].secretName" -}}
{{- $given := ((.Values.global).[[chart.key]]).existingSecret }}
{{- if $given }}
{{- $given }}
{{- else }}
{{- $base := .Release.Name }}
{{- if not (contains "[[chart.name]]" $base) }}{{ $base = printf "%s-[[chart.name]]" $base }}{{ end }}
{{- printf "%s-secret" ($base | trunc 56 | trimSuffix "-") }}
{{- end }}
{{- end }}
#% endif

{{/* Egress to the cluster's DNS. */}}
{{- define "[[chart.name]].dnsEgress" -}}
- to:
    - namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: {{ .Values.networkPolicy.dns.namespace | quote }}
      podSelector:
        matchLabels:
          {{- toYaml .Values.networkPolicy.dns.podLabels | nindent 10 }}
    {{- range .Values.networkPolicy.dns.cidrs }}
    - ipBlock:
        cidr: {{ . | quote }}
    {{- end }}
  ports:
    {{- range .Values.networkPolicy.dns.ports }}
    - port: {{ int . }}
      protocol: UDP
    - port: {{ int . }}
      protocol: TCP
    {{- end }}
{{- end }}

{{/* Where pods go. Takes .Values.… with nodeSelector, tolerations and so on. */}}
{{- define "[[chart.name]].scheduling" -}}
{{- $set := dict }}
{{- range $key := list "nodeSelector" "tolerations" "affinity" "priorityClassName" }}
{{- with index $ $key }}{{ $_ := set $set $key . }}{{ end }}
{{- end }}
{{- with $set }}
{{- toYaml . }}
{{- end }}
{{- end }}

{{/* What a small client needs. */}}
{{- define "[[chart.name]].clientResources" -}}
requests:
  cpu: 10m
  memory: 32Mi
limits:
  cpu: 100m
  memory: 64Mi
{{- end }}

{{/* How a component's pods spread. Takes (dict "context" $ "component" "…" "spread" .Values.….topologySpread),
     perhaps with the label that tells revisions apart as "revision". */}}
{{- define "[[chart.name]].spread" -}}
{{- $given := . }}
{{- range $key, $when := dict "topology.kubernetes.io/zone" .spread.zones "kubernetes.io/hostname" .spread.nodes }}
{{- if ne $when "Off" }}
- topologyKey: {{ $key }}
  maxSkew: 1
  whenUnsatisfiable: {{ $when }}
  labelSelector:
    matchLabels:
      {{- include "[[chart.name]].selectorLabels" $given | nindent 6 }}
  {{- with $given.revision }}
  matchLabelKeys:
    - {{ . }}
  {{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* A claim of a volume. Takes .Values.….volumes.… */}}
{{- define "[[chart.name]].claim" -}}
accessModes:
  - {{ .accessMode }}
{{- if eq .storageClass "-" }}
storageClassName: ""
{{- else if .storageClass }}
storageClassName: {{ .storageClass | quote }}
{{- end }}
resources:
  requests:
    storage: {{ .size }}
{{- end }}

{{/* Name of a Job that is named after what it runs; one that has failed is followed
     by another with the next upgrade. Takes (dict "context" $ "name" "…"). */}}
{{- define "[[chart.name]].jobName" -}}
{{- $name := .name }}
{{- $revision := .context.Release.Revision }}
{{- $job := lookup "batch/v1" "Job" .context.Release.Namespace $name }}
{{- range ($job.status).conditions }}
{{- if and (eq .type "Failed") (eq .status "True") }}
{{- $name = printf "%s-r%d" (trunc 57 $name) (int $revision) }}
{{- end }}
{{- end }}
{{- $name }}
{{- end }}
#% if ingress or gateway

{{/* Services that a host can lead to: their names, main ports and port numbers. */}}
{{- define "[[chart.name]].services" -}}
#% for w in workloads
#% if w.service
#% if not w.main
{{- if [[w.v]].enabled }}
#% endif
[[w.name]]:
  name: {{ include "[[chart.name]].[[w.name]].fullname" . | quote }}
  ports:
#% for port in w.ports
#% if port.exposed
    [[port.name]]: {{ int [[port.service_v]] }}
#% endif
#% endfor
#% for port in w.ports
#% if port.exposed and port.name == w.first_port
  main: [[port.name]]
#% endif
#% endfor
#% if not w.main
{{- end }}
#% endif
#% endif
#% endfor
{{- end }}

{{/* The Service and port of a path. Takes (dict "context" $ "path" …). */}}
{{- define "[[chart.name]].backend" -}}
{{- $workload := default "[[main]]" .path.workload }}
{{- $service := index (include "[[chart.name]].services" .context | fromYaml) $workload }}
{{- if not $service }}
{{- fail (printf "the path %s leads to %s, which has no Service here" .path.path $workload) }}
{{- end }}
{{- $port := default $service.main .path.port }}
{{- if not (hasKey $service.ports $port) }}
{{- fail (printf "the path %s leads to the port %s, which %s does not have" .path.path $port $workload) }}
{{- end }}
{{- dict "name" $service.name "port" $port "number" (index $service.ports $port) | toYaml }}
{{- end }}
#% endif
