{{- define "bookings.labels" -}}
app.kubernetes.io/name: bookings
app.kubernetes.io/instance: {{ .Release.Name }}
team: travel
{{- end -}}
