{{ include "[[chart.name]].secretName" . }}
