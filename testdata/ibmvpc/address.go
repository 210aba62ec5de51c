package ibmvpc

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// createAddress reserves a floating IP for a network interface.
func (c *Cloud) createAddress(w http.ResponseWriter, r *http.Request) {
	var p struct {
		Name          string
		Target        ref
		ResourceGroup ref `json:"resource_group"`
	}
	if err := json.NewDecoder(r.Body).Decode(&p); err != nil {
		problem(w, http.StatusBadRequest, "bad_field", err.Error())
		return
	}
	for _, o := range c.instances {
		if o["primary_network_interface"].(object)["id"] != p.Target.ID {
			continue
		}
		answer(w, http.StatusCreated, c.reserve(p.Name, p.ResourceGroup.ID, o))
		return
	}
	problem(w, http.StatusNotFound, "not_found", "Cannot find network interface "+p.Target.ID+".")
}

// reserve enters a floating IP of an instance into the books.
func (c *Cloud) reserve(name, group string, instance object) object {
	card := instance["primary_network_interface"].(object)
	a := c.common("floating-ip", c.id("fip"), name, group)
	a["address"], a["status"], a["zone"] = fmt.Sprintf("203.0.113.%d", c.next%250), "available", instance["zone"]
	a["target"] = object{"id": card["id"], "name": card["name"], "href": card["href"], "primary_ip": card["primary_ip"], "resource_type": "network_interface"}
	c.addresses[a["id"].(string)] = a
	return a
}

func (c *Cloud) deleteAddress(w http.ResponseWriter, r *http.Request) {
	if c.addresses[r.PathValue("id")] == nil {
		problem(w, http.StatusNotFound, "not_found", "Floating IP not found.")
		return
	}
	delete(c.addresses, r.PathValue("id"))
	w.WriteHeader(http.StatusNoContent)
}
