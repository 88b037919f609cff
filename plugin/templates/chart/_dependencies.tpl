{{/* How the chart finds its dependencies and connects to them. */}}
#% for dep in dependencies
#% if not dep.in_release

{{/* Host of [[dep.name]], which runs elsewhere. */}}
{{- define "[[chart.name]].[[dep.name]].host" -}}
{{- [[dep.v]].host }}
{{- end }}

{{/* Port of [[dep.name]]. */}}
{{- define "[[chart.name]].[[dep.name]].port" -}}
{{- int [[dep.v]].port }}
{{- end }}
#% else
#% if dep.host_template

{{/* Host of [[dep.name]], asked from its own chart; empty when it is switched off. */}}
{{- define "[[chart.name]].[[dep.name]].<% if dep.movable %>inside<% else %>host<% endif %>" -}}
#% if dep.suffix_apart and dep.architecture_access
{{- $suffix := ternary "[[dep.service]]" "[[dep.service_replicated]]" (eq [[dep.v]][[dep.architecture_access]] "standalone") }}
{{- with [[dep.subchart]] }}[[dep.host_template]]{{ $suffix }}{{ end }}
#% elif dep.suffix_apart
{{- with [[dep.subchart]] }}[[dep.host_template]][[dep.service]]{{ end }}
#% else
{{- with [[dep.subchart]] }}[[dep.host_template]]{{ end }}
#% endif
{{- end }}
#% else

{{/* Host of [[dep.name]], as its chart names it; empty when it is switched off. */}}
{{- define "[[chart.name]].[[dep.name]].<% if dep.movable %>inside<% else %>host<% endif %>" -}}
{{- if [[dep.v]].enabled }}
{{- $full := .Release.Name }}
#% if dep.naming == "standard"
{{- $name := default "[[dep.name]]" [[dep.v]].nameOverride }}
{{- if not (contains $name $full) }}{{ $full = printf "%s-%s" $full $name }}{{ end }}
#% endif
{{- $full = default $full [[dep.v]].fullnameOverride | trunc 63 | trimSuffix "-" }}
#% if dep.architecture_access
{{- printf "%s%s" $full (ternary "[[dep.service]]" "[[dep.service_replicated]]" (eq [[dep.v]][[dep.architecture_access]] "standalone")) }}
#% else
{{- $full }}[[dep.service]]
#% endif
{{- end }}
{{- end }}
#% endif

#% if dep.movable
{{/* Host of [[dep.name]], in the release or elsewhere. */}}
{{- define "[[chart.name]].[[dep.name]].host" -}}
{{- if [[dep.v]].enabled }}{{ include "[[chart.name]].[[dep.name]].inside" . }}{{ else }}{{ [[dep.elsewhere_v]].host }}{{ end }}
{{- end }}

#% endif
{{/* Port of [[dep.name]]. */}}
{{- define "[[chart.name]].[[dep.name]].port" -}}
#% if dep.movable
{{- if [[dep.v]].enabled }}[[dep.port]]{{ else }}{{ int [[dep.elsewhere_v]].port }}{{ end }}
#% else
[[dep.port]]
#% endif
{{- end }}
#% endif

{{/* Host and port of [[dep.name]]. */}}
{{- define "[[chart.name]].[[dep.name]].address" -}}
{{- include "[[chart.name]].[[dep.name]].host" . }}:{{ include "[[chart.name]].[[dep.name]].port" . }}
{{- end }}
#% if dep.user_access or dep.user

{{/* User of [[dep.name]]. */}}
{{- define "[[chart.name]].[[dep.name]].user" -}}
#% if dep.user_access
{{- [[dep.v]][[dep.user_access]] }}
#% else
[[dep.user]]
#% endif
{{- end }}
#% endif
#% if dep.database_access or dep.database

{{/* Database of [[dep.name]]. */}}
{{- define "[[chart.name]].[[dep.name]].database" -}}
#% if dep.database_access
{{- [[dep.v]][[dep.database_access]] }}
#% else
[[dep.database]]
#% endif
{{- end }}
#% endif
#% if dep.operator_secret

{{/* Name of the Secret that the operator of [[dep.name]] makes. */}}
{{- define "[[chart.name]].[[dep.name]].secretName" -}}
{{- with [[dep.subchart]] }}[[dep.operator_secret]]{{ end }}
{{- end }}
#% endif
#% if dep.url_known

{{/* URL of [[dep.name]]; empty when it is switched off. Takes (dict "context" $<% if dep.url_is_secret %> "password" "…"<% endif %>). */}}
{{- define "[[chart.name]].[[dep.name]].url" -}}
{{- with include "[[chart.name]].[[dep.name]].host" .context }}
{{- $host := . }}
#% for part in dep.url_parts
#% if part == "password"
{{- $password := $.password | urlquery | replace "+" "%20" }}
#% elif part == "user"
{{- $user := include "[[chart.name]].[[dep.name]].user" $.context | urlquery | replace "+" "%20" }}
#% elif part == "scheme"
{{- $scheme := ternary "https" "http" (eq (include "[[chart.name]].[[dep.name]].port" $.context) "443") }}
#% elif part != "host"
{{- $[[part]] := include "[[chart.name]].[[dep.name]].[[part]]" $.context }}
#% endif
#% endfor
{{- printf "[[dep.url_format]]"<% for part in dep.url_parts %> $[[part]]<% endfor %> }}
{{- end }}
{{- end }}
#% endif
#% if dep.url_is_secret

{{/* Where the URL of [[dep.name]] stands: Secret and key. */}}
{{- define "[[chart.name]].[[dep.name]].urlSource" -}}
name: {{ include "[[chart.name]].[[dep.url_secret_helper]]" . | quote }}
key: [[dep.url_key]]
{{- end }}
#% endif

{{/* The URL of [[dep.name]] as a variable<% if not dep.url_is_secret %>; nothing when it is switched off<% endif %>. Takes (dict "context" $ "name" "…"). */}}
{{- define "[[chart.name]].[[dep.name]].urlVariable" -}}
#% if dep.url_is_secret
- name: {{ .name }}
  valueFrom:
    secretKeyRef:
      {{- include "[[chart.name]].[[dep.name]].urlSource" .context | nindent 6 }}
#% else
{{- with include "[[chart.name]].[[dep.name]].url" . -}}
- name: {{ $.name }}
  value: {{ . | quote }}
{{- end }}
#% endif
{{- end }}
#% if secret.generated and dep.in_release and ((dep.url_is_secret and dep.url_known) or dep.derived)

{{/* What the Secret holds for [[dep.name]] besides passwords.
     Takes (dict "context" $ "values" (dict "key" "password" …)). */}}
{{- define "[[chart.name]].[[dep.name]].secretData" -}}
{{- if [[dep.context_v]].enabled }}
#% for password in dep.passwords
#% if password.purpose == "password" and dep.url_is_secret
[[dep.url_key]]: {{ include "[[chart.name]].[[dep.name]].url" (dict "context" .context "password" (index .values "[[password.key]]")) | b64enc }}
#% endif
#% for derived in dep.derived
#% if derived.has_password and password.purpose == "password"
[[derived.key]]: {{ printf "[[derived.form]]" (index .values "[[password.key]]") | b64enc }}
#% endif
#% endfor
#% endfor
#% for derived in dep.derived
#% if not derived.has_password
[[derived.key]]: {{ "[[derived.form]]" | b64enc }}
#% endif
#% endfor
{{- end }}
{{- end }}
#% endif
#% endfor

{{/* Where the connections lead, without passwords: pods restart when it changes. */}}
{{- define "[[chart.name]].connections" -}}
#% if secret.any
{{ include "[[chart.name]].secretName" . }}
#% endif
#% for dep in dependencies
#% if dep.operator_secret
{{ include "[[chart.name]].[[dep.name]].secretName" . }}
#% elif dep.in_release and dep.url_is_secret and dep.url_known
{{- if include "[[chart.name]].[[dep.name]].host" . }}
{{ include "[[chart.name]].[[dep.name]].url" (dict "context" . "password" "") }}
{{- end }}
#% elif dep.url_is_secret
{{ include "[[chart.name]].[[dep.name]].host" . }}:{{ include "[[chart.name]].[[dep.name]].port" . }}<% for part in dep.parts %><% if part == "user" or part == "database" %>/{{ include "[[chart.name]].[[dep.name]].[[part]]" . }}<% endif %><% endfor %>
#% endif
#% endfor
{{- end }}
#% for dep in dependencies
#% if dep.in_release

{{/* Labels of the pods of [[dep.name]]. */}}
{{- define "[[chart.name]].[[dep.name]].podLabels" -}}
#% for label in dep.pod_labels
#% if loop.first
{{- with [[dep.subchart]] -}}
#% endif
[[label.key]]: "[[label.value]]"
#% if loop.last
{{- end }}
#% endif
#% else
app.kubernetes.io/name: [[dep.name]]
app.kubernetes.io/instance: {{ .Release.Name | quote }}
#% endfor
{{- end }}
#% endif
#% if dep.name == monitoring.scraper

{{/* Who may read metrics: [[dep.name]] of the release<% if monitoring.scraper_alone %>, and what else the values name<% endif %>. */}}
{{- define "[[chart.name]].metricsPeers" -}}
{{- if [[dep.v]].enabled }}
- podSelector:
    matchLabels:
      {{- include "[[chart.name]].[[dep.name]].podLabels" . | nindent 6 }}
{{- end }}
#% if monitoring.scraper_alone
{{- if or .Values.networkPolicy.monitoringNamespace (not [[dep.v]].enabled) }}
#% endif
- namespaceSelector:
    {{- with .Values.networkPolicy.monitoringNamespace }}
    matchLabels:
      kubernetes.io/metadata.name: {{ . | quote }}
    {{- else }} {}
    {{- end }}
#% if monitoring.scraper_alone
{{- end }}
#% endif
{{- end }}
#% endif

{{/* Egress to [[dep.name]]. */}}
{{- define "[[chart.name]].[[dep.name]].egress" -}}
#% if dep.in_release
{{- if [[dep.v]].enabled -}}
- to:
    - podSelector:
        matchLabels:
          {{- include "[[chart.name]].[[dep.name]].podLabels" . | nindent 10 }}
  ports:
    - port: [[dep.container_port]]
      protocol: TCP
{{- else -}}
- ports:
    - port: {{ include "[[chart.name]].[[dep.name]].port" . }}
      protocol: TCP
{{- end }}
#% else
- ports:
    - port: {{ include "[[chart.name]].[[dep.name]].port" . }}
      protocol: TCP
#% endif
{{- end }}

{{/* The container that tests the connection to [[dep.name]]. */}}
{{- define "[[chart.name]].[[dep.name]].test" -}}
- name: [[dep.name]]
  image: {{ include "[[chart.name]].image" (dict "context" . "image" .Values.clients.[[dep.client]].image) }}
  imagePullPolicy: {{ .Values.clients.[[dep.client]].image.pullPolicy }}
  command:
    - /bin/sh
    - -euc
    - |
#% if not dep.url_is_secret and dep.in_release
      [ -n "$URL" ] || { echo "[[dep.name]] is not installed"; exit 0; }
#% endif
      echo "Testing [[dep.engine_title]] connection..."
#% if dep.test == "psql"
      psql "$URL" --quiet --no-psqlrc --set ON_ERROR_STOP=1 --command 'select 1' > /dev/null
#% elif dep.test == "redis"
      # Without a user in its URL the client would log in as a user without a name.
      url=$(printf '%s' "$URL" | sed 's|://:|://default:|')
      answer=$(valkey-cli -t 10 --no-auth-warning -u "$url" ping)
      [ "$answer" = PONG ] || { echo "$answer"; exit 1; }
#% elif dep.test == "http"
      # Any answer will do: that the server is there is what is asked.
      answer=$(wget -S -T 10 -O /dev/null "$URL" 2>&1 || true)
      case "$answer" in *HTTP/*) ;; *) echo "$answer"; exit 1 ;; esac
#% else
      nc -z -w 10 "$SERVER_HOST" "$SERVER_PORT"
#% endif
      echo "[[dep.engine_title]] connection successful!"
  env:
#% if dep.url_is_secret
    {{- include "[[chart.name]].[[dep.name]].urlVariable" (dict "context" . "name" "URL") | nindent 4 }}
#% elif dep.in_release or dep.test == "http"
    - name: URL
      value: {{ include "[[chart.name]].[[dep.name]].url" (dict "context" .) | quote }}
#% endif
#% if dep.test == "psql"
    - name: PGCONNECT_TIMEOUT
      value: "10"
#% elif dep.test == "tcp"
    {{- with include "[[chart.name]].[[dep.name]].host" . }}
    - name: SERVER_HOST
      value: {{ . | quote }}
    - name: SERVER_PORT
      value: {{ include "[[chart.name]].[[dep.name]].port" $ | quote }}
    {{- end }}
#% endif
{{- end }}
#% if dep.in_release

{{/* Values that cannot work with [[dep.name]]. Gives nothing. */}}
{{- define "[[chart.name]].[[dep.name]].validate" -}}
#% if dep.operator_secret
{{- if not [[dep.v]].enabled }}
{{- fail "[[dep.name]].enabled is false, but the workloads read the Secret that its operator makes" }}
{{- end }}
#% elif dep.url_is_secret
{{- if and (not [[dep.v]].enabled) (not (or ((.Values.global).[[chart.key]]).existingSecret<% if secret.external %> .Values.externalSecret.enabled<% endif %>)) }}
{{- fail "[[dep.name]].enabled is false: name a Secret in global.[[chart.key]].existingSecret whose key [[dep.url_key]] leads to another server" }}
{{- end }}
#% endif
#% if dep.host_variables
{{- if not (include "[[chart.name]].[[dep.name]].host" .) }}
{{- fail "[[dep.name]].enabled is false, but <% for variable in dep.host_variables %>[[variable]]<% if not loop.last %> and <% endif %><% endfor %> would be empty without its host" }}
{{- end }}
#% endif
#% if dep.naming == "standard"
{{- $taken := printf "%s-[[dep.name]]" .Release.Name }}
{{- if contains "[[dep.name]]" .Release.Name }}{{ $taken = .Release.Name }}{{ end }}
{{- if eq $taken (include "[[chart.name]].fullname" .) }}
{{- fail (printf "[[dep.name]] would be called %s like the chart's own objects: choose a release name, or fullnameOverride, without %q" $taken "[[dep.name]]") }}
{{- end }}
#% for other in dependencies
#% if other.in_release and other.name > dep.name
{{- if and (contains "[[dep.name]]" .Release.Name) (contains "[[other.name]]" .Release.Name) }}
{{- fail (printf "the release name %s contains the names of two dependencies, so both would be called the same: choose another release name" .Release.Name) }}
{{- end }}
#% endif
#% endfor
#% endif
#% if dep.guarded
#% if not dep.pod_labels
{{- if dig "nameOverride" "" [[dep.v]] }}
{{- fail "[[dep.name]].nameOverride: the network policies find the pods of [[dep.name]] by its name; use fullnameOverride" }}
{{- end }}
#% endif
{{- if gt (len (include "[[chart.name]].[[dep.name]].host" .)) [[dep.longest_name]] }}
{{- fail (printf "the release name %s is too long: the objects of [[dep.name]] may have [[dep.longest_name]] characters" .Release.Name) }}
{{- end }}
#% endif
#% for refusal in dep.refuse
{{- if <% if refusal.value %>eq<% else %>ne<% endif %> (toString (dig<% for part in refusal.path %> "[[part]]"<% endfor %> "" [[dep.v]])) "[[refusal.value]]" }}
{{- fail "[[dep.name]].<% for part in refusal.path %>[[part]]<% if not loop.last %>.<% endif %><% endfor %>: [[refusal.why]]" }}
{{- end }}
#% endfor
{{- end }}
#% endif
#% endfor
