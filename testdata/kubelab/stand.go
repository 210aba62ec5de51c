package kubelab

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"time"
)

type object = map[string]any

// Worker is the name of the machine that pods are said to run on.
const Worker = "worker-1"

// stand does, every moment, what controllers and machines would.
func (c *Cluster) stand(ctx context.Context) {
	defer close(c.done)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			// What fails now is done at the next tick, or the test says what is missing.
			c.makeAccounts(ctx)
			c.fillTokens(ctx)
			c.runPods(ctx)
			c.emptyNamespaces(ctx)
		}
	}
}

// accountDelay is how long a namespace is without the account that pods run as: longer than the API server waits for it,
// as where the controller makes many.
const accountDelay = 2 * time.Second

// makeAccounts is the service account controller: each namespace gets an account "default".
func (c *Cluster) makeAccounts(ctx context.Context) {
	namespaces, _ := c.List(ctx, "/api/v1/namespaces")
	accounts, err := c.List(ctx, "/api/v1/serviceaccounts")
	if err != nil {
		return
	}
	has := map[string]bool{}
	for _, a := range accounts {
		has[a.Metadata.Namespace] = has[a.Metadata.Namespace] || a.Metadata.Name == "default"
	}
	for _, n := range namespaces {
		if n.Metadata.DeletionTimestamp == "" && !has[n.Metadata.Name] && time.Since(n.Metadata.CreationTimestamp) > accountDelay {
			_, _ = c.Do(ctx, Token, http.MethodPost, "/api/v1/namespaces/"+n.Metadata.Name+"/serviceaccounts", object{"metadata": object{"name": "default"}})
		}
	}
}

// fillTokens is the token controller: it gives the secret of an account a token of it, and the certificate to trust.
func (c *Cluster) fillTokens(ctx context.Context) {
	secrets, _ := c.List(ctx, "/api/v1/secrets")
	for _, s := range secrets {
		if s.Type != "kubernetes.io/service-account-token" || s.Data["token"] != "" {
			continue
		}
		in := "/api/v1/namespaces/" + s.Metadata.Namespace
		text, err := c.Do(ctx, Token, http.MethodPost, in+"/serviceaccounts/"+s.Metadata.Annotations["kubernetes.io/service-account.name"]+"/token",
			object{"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": object{}})
		var answer Object
		if err != nil || json.Unmarshal([]byte(text), &answer) != nil {
			continue
		}
		_, _ = c.Do(ctx, Token, http.MethodPatch, in+"/secrets/"+s.Metadata.Name, object{"data": object{
			"token": base64.StdEncoding.EncodeToString([]byte(answer.Status.Token)), "ca.crt": c.caData(),
		}})
	}
}

// runPods is scheduler and kubelet: pods run at once, and end at once.
func (c *Cluster) runPods(ctx context.Context) {
	pods, _ := c.List(ctx, "/api/v1/pods")
	for _, p := range pods {
		path := "/api/v1/namespaces/" + p.Metadata.Namespace + "/pods/" + p.Metadata.Name
		switch {
		case p.Metadata.DeletionTimestamp != "":
			_, _ = c.Do(ctx, Token, http.MethodDelete, path, object{"gracePeriodSeconds": 0})
		case p.Spec["nodeName"] == nil:
			_, _ = c.Do(ctx, Token, http.MethodPost, path+"/binding", object{
				"apiVersion": "v1", "kind": "Binding", "metadata": object{"name": p.Metadata.Name}, "target": object{"kind": "Node", "name": Worker},
			})
		case p.Status.Phase == "Pending":
			_, _ = c.Do(ctx, Token, http.MethodPatch, path+"/status", object{"status": object{"phase": "Running"}})
		}
	}
}

// emptyNamespaces is the namespace controller, for what nodes of ours have in theirs.
func (c *Cluster) emptyNamespaces(ctx context.Context) {
	namespaces, _ := c.List(ctx, "/api/v1/namespaces")
	for _, n := range namespaces {
		if n.Metadata.DeletionTimestamp == "" {
			continue
		}
		name := n.Metadata.Name
		left := 0
		for _, kind := range []string{
			"/api/v1/namespaces/" + name + "/pods", "/api/v1/namespaces/" + name + "/secrets", "/api/v1/namespaces/" + name + "/serviceaccounts",
			"/apis/rbac.authorization.k8s.io/v1/namespaces/" + name + "/rolebindings", "/apis/rbac.authorization.k8s.io/v1/namespaces/" + name + "/roles",
		} {
			items, err := c.List(ctx, kind)
			if err != nil {
				left++
			}
			for _, i := range items {
				left++
				_, _ = c.Do(ctx, Token, http.MethodDelete, kind+"/"+i.Metadata.Name, object{"gracePeriodSeconds": 0})
			}
		}
		if left == 0 {
			_, _ = c.Do(ctx, Token, http.MethodPut, "/api/v1/namespaces/"+name+"/finalize", object{
				"apiVersion": "v1", "kind": "Namespace", "metadata": object{"name": name}, "spec": object{"finalizers": []any{}},
			})
		}
	}
}
