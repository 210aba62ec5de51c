package ibmvpc

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// Token is a JSON web token that nobody signed; Terraform's provider reads the account out of it.
func Token(who string) string {
	part := func(v any) string {
		data, _ := json.Marshal(v)
		return base64.RawURLEncoding.EncodeToString(data)
	}
	now := time.Now().Unix()
	return part(object{"alg": "HS256", "typ": "JWT"}) + "." + part(object{
		"id": who, "iam_id": who, "email": "ci@example.org", "iss": "https://iam.cloud.ibm.com/identity",
		"account": object{"bss": account, "valid": true}, "iat": now, "exp": now + 3600,
	}) + ".c2lnbmF0dXJl"
}

// owner is who has a token, "" for what is none.
func owner(token string) string {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return ""
	}
	var claims struct {
		ID string `json:"iam_id"`
	}
	data, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(data, &claims) != nil {
		return ""
	}
	return claims.ID
}

// login gives a token for the API key, or for the profile that its owner takes on.
func (c *Cloud) login(w http.ResponseWriter, r *http.Request) {
	var who string
	var denied bool
	c.locked(func() { denied = c.denied })
	switch grant := strings.TrimPrefix(r.FormValue("grant_type"), "urn:ibm:params:oauth:grant-type:"); {
	case grant == "apikey" && r.FormValue("apikey") == Key && !denied:
		who = Service
	case grant == "assume" && owner(r.FormValue("access_token")) == Service && r.FormValue("profile_id") == Trusted:
		who = Trusted
	default:
		answer(w, http.StatusBadRequest, object{"errorCode": "BXNIM0415E", "errorMessage": "Provided API key could not be found.", "context": object{"requestId": "lab"}})
		return
	}
	answer(w, http.StatusOK, object{
		"access_token": Token(who), "refresh_token": "not_supported", "ims_user_id": 1, "token_type": "Bearer", "expires_in": 3600,
		"expiration": time.Now().Unix() + 3600, "scope": "ibm openid",
	})
}

func (c *Cloud) authorized(handle http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		who := owner(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
		if who == "" {
			problem(w, http.StatusUnauthorized, "not_authenticated", "The provided token is invalid.")
			return
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.who[who] = true
		handle(w, r)
	}
}
