{{/* How the chart finds its dependencies and connects to them. */}}
#% for dep in dependencies
#% if dep.in_release

{{/* Host of [[dep.name]], asked from its own chart; empty when it is switched off. */}}
{{- define "[[chart.name]].[[dep.name]].host" -}}
{{- with <% if dep.plain %>.Subcharts.[[dep.name]]<% else %>(index .Subcharts "[[dep.name]]")<% endif %> }}[[dep.host_template]]{{ end }}
{{- end }}

{{/* URL of [[dep.name]]. Takes (dict "context" $ "password" "…"). */}}
{{- define "[[chart.name]].[[dep.name]].url" -}}
{{- $password := .password | urlquery | replace "+" "%20" }}
{{- $host := include "[[chart.name]].[[dep.name]].host" .context }}
#% if dep.engine == "postgresql"
{{- $values := <% if dep.plain %>.context.Values.[[dep.name]]<% else %>(index .context.Values "[[dep.name]]")<% endif %> }}
{{- $user := $values<% for part in dep.user_path %>.[[part]]<% endfor %> | urlquery | replace "+" "%20" }}
{{- printf "postgresql://%s:%s@%s:[[dep.port]]/%s" $user $password $host $values<% for part in dep.database_path %>.[[part]]<% endfor %> }}
#% else
{{- printf "redis://:%s@%s:[[dep.port]]/0" $password $host }}
#% endif
{{- end }}
#% endif
#% endfor
#% if secret.any

{{/* Where the connections lead, without passwords: pods restart when it changes. */}}
{{- define "[[chart.name]].connections" -}}
{{ include "[[chart.name]].secretName" . }}
#% for dep in dependencies
#% if dep.in_release
{{- if include "[[chart.name]].[[dep.name]].host" . }}
{{ include "[[chart.name]].[[dep.name]].url" (dict "context" . "password" "") }}
{{- end }}
#% endif
#% endfor
{{- end }}
#% endif
#% for dep in dependencies

{{/* Egress to [[dep.name]]. */}}
{{- define "[[chart.name]].[[dep.name]].egress" -}}
#% if dep.in_release
{{- if <% if dep.plain %>.Values.[[dep.name]].enabled<% else %>(index .Values "[[dep.name]]").enabled<% endif %> -}}
- to:
    - podSelector:
        matchLabels:
          app.kubernetes.io/name: [[dep.name]]
          app.kubernetes.io/instance: {{ .Release.Name | quote }}
  ports:
    - port: [[dep.port]]
      protocol: TCP
{{- else -}}
- ports:
    - port: [[dep.port]]
      protocol: TCP
{{- end }}
#% else
- ports:
    - port: [[dep.port]]
      protocol: TCP
#% endif
{{- end }}
#% endfor
