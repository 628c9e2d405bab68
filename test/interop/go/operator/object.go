package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
)

// checkObject says what the API server would have against an object `Host` with the name and labels of a heartbeat, which an
// operator takes over as they are.
func checkObject(heartbeat json.RawMessage) error {
	var host struct {
		ID           string            `json:"id"`
		FriendlyName string            `json:"friendlyName"`
		Labels       map[string]string `json:"labels"`
	}
	if err := json.Unmarshal(heartbeat, &host); err != nil {
		return err
	}
	problems := validation.IsDNS1123Subdomain(host.FriendlyName)
	if host.ID == "" || strings.ContainsAny(host.ID, ".*> ") {
		problems = append(problems, fmt.Sprintf("%q is no token of a subject", host.ID))
	}
	for key, value := range host.Labels {
		problems = append(problems, validation.IsQualifiedName(key)...)
		problems = append(problems, validation.IsValidLabelValue(value)...)
	}
	if len(problems) > 0 {
		return fmt.Errorf("no object: %s", strings.Join(problems, "; "))
	}
	return nil
}
