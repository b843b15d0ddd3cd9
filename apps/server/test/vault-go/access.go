package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/openbao/openbao/api/v2"
)

// One method of api.AuthMethod: a login at a path.
type login struct {
	path string
	data object
}

func (method login) Login(ctx context.Context, client *api.Client) (*api.Secret, error) {
	return client.Logical().WriteWithContext(ctx, method.path, method.data)
}

const readOnly = `path "go-access/data/*" { capabilities = ["read"] }`

func tokens(client *api.Client) {
	check(client.Sys().PutPolicy("go-tokens", readOnly))
	renewable := true
	made, err := client.Auth().Token().Create(&api.TokenCreateRequest{
		Policies: []string{"go-tokens"}, TTL: "1h", DisplayName: "go", Renewable: &renewable, Metadata: map[string]string{"a": "b"},
	})
	check(err)
	expect(slices.Equal(made.Auth.Policies, []string{"default", "go-tokens"}), "its policies")
	expect(made.Auth.LeaseDuration == 3600 && made.Auth.Renewable, "a renewable hour")
	own := withToken(client, made.Auth.ClientToken)
	self, err := own.Auth().Token().LookupSelf()
	check(err)
	expect(self.Data["display_name"] == "token-go" && self.Data["meta"].(object)["a"] == "b", "its own facts")
	child, err := own.Auth().Token().RenewSelf(7200)
	check(err)
	expect(child.Auth.LeaseDuration == 7200, "two hours")
	_, err = own.Sys().ListPolicies()
	refused(err, 403, "permission denied")
	found, err := client.Auth().Token().LookupAccessor(made.Auth.Accessor)
	check(err)
	expect(found.Data["id"] == "", "an accessor to tell no token")
	watched(own, made)
	check(client.Auth().Token().RevokeAccessor(made.Auth.Accessor))
	_, err = own.Auth().Token().LookupSelf()
	refused(err, 403, "")
	limited, err := client.Auth().Token().Create(&api.TokenCreateRequest{Policies: []string{"go-tokens"}, NumUses: 1})
	check(err)
	once := withToken(client, limited.Auth.ClientToken)
	_, err = once.Auth().Token().LookupSelf()
	check(err)
	_, err = once.Auth().Token().LookupSelf()
	refused(err, 403, "")
}

// The client's own watcher renews a token once it is started.
func watched(client *api.Client, made *api.Secret) {
	watcher, err := client.NewLifetimeWatcher(&api.LifetimeWatcherInput{Secret: made, Increment: 3600})
	check(err)
	go watcher.Start()
	defer watcher.Stop()
	select {
	case renewal := <-watcher.RenewCh():
		expect(renewal.Secret.Auth.LeaseDuration > 0, "a renewed token")
	case err := <-watcher.DoneCh():
		expect(false, "a renewal, not its end: ", err)
	}
}

func policies(client *api.Client) {
	check(client.Sys().PutPolicy("go-policies", readOnly))
	rules, err := client.Sys().GetPolicy("go-policies")
	check(err)
	expect(rules == readOnly, "the policy as it was written")
	names, err := client.Sys().ListPolicies()
	check(err)
	expect(slices.Contains(names, "go-policies") && slices.Contains(names, "root"), "its name")
	made, err := client.Auth().Token().Create(&api.TokenCreateRequest{Policies: []string{"go-policies"}})
	check(err)
	may, err := withToken(client, made.Auth.ClientToken).Sys().CapabilitiesSelf("go-access/data/x")
	check(err)
	expect(fmt.Sprint(may) == "[read]", "to read: ", may)
	may, err = client.Sys().Capabilities(made.Auth.ClientToken, "sys/policies/acl/x")
	check(err)
	expect(fmt.Sprint(may) == "[deny]", "denied: ", may)
	check(client.Sys().DeletePolicy("go-policies"))
	rules, err = client.Sys().GetPolicy("go-policies")
	expect(err == nil && rules == "", "no policy")
	err = client.Sys().PutPolicy("go-bad", `path "x" { capabilities = ["fly"] }`)
	refused(err, 400, "")
}

func approle(client *api.Client) {
	check(client.Sys().PutPolicy("go-approle", readOnly))
	check(client.Sys().EnableAuthWithOptions("go-approle", &api.EnableAuthOptions{Type: "approle"}))
	write(client, "auth/go-approle/role/app", object{
		"token_policies": "go-approle", "token_ttl": "20m", "token_max_ttl": "30m", "secret_id_num_uses": 1,
	})
	role, err := client.Logical().Read("auth/go-approle/role/app/role-id")
	check(err)
	secret := write(client, "auth/go-approle/role/app/secret-id", nil)
	method := login{"auth/go-approle/login", object{"role_id": role.Data["role_id"], "secret_id": secret["secret_id"]}}
	user := withToken(client, "")
	loggedIn, err := user.Auth().Login(context.Background(), method)
	check(err)
	expect(loggedIn.Auth.LeaseDuration == 1200 && loggedIn.Auth.Metadata["role_name"] == "app", "20 minutes")
	self, err := user.Auth().Token().LookupSelf()
	check(err)
	expect(self.Data["path"] == "auth/go-approle/login", "where it logged in")
	_, err = withToken(client, "").Auth().Login(context.Background(), method)
	refused(err, 400, "invalid role or secret ID")
	check(client.Sys().DisableAuth("go-approle"))
	_, err = user.Auth().Token().LookupSelf()
	refused(err, 403, "")
}

func userpass(client *api.Client) {
	check(client.Sys().EnableAuthWithOptions("go-userpass", &api.EnableAuthOptions{Type: "userpass"}))
	write(client, "auth/go-userpass/users/ada", object{"password": "correct horse", "token_policies": []string{"default"}})
	user := withToken(client, "")
	right := login{"auth/go-userpass/login/ada", object{"password": "correct horse"}}
	loggedIn, err := user.Auth().Login(context.Background(), right)
	check(err)
	expect(loggedIn.Auth.Metadata["username"] == "ada", "her name")
	wrong := login{"auth/go-userpass/login/ada", object{"password": "wrong"}}
	_, err = withToken(client, "").Auth().Login(context.Background(), wrong)
	refused(err, 400, "invalid username or password")
	methods, err := client.Sys().ListAuth()
	check(err)
	expect(methods["go-userpass/"].Type == "userpass" && methods["token/"].Type == "token", "both methods")
	check(client.Sys().DisableAuth("go-userpass"))
}

func wrapping(client *api.Client) {
	wrapper := withToken(client, client.Token())
	wrapper.SetWrappingLookupFunc(func(operation string, path string) string { return "5m" })
	wrapped, err := wrapper.Logical().Read("auth/token/lookup-self")
	check(err)
	expect(wrapped.WrapInfo.TTL == 300 && wrapped.WrapInfo.CreationPath == "auth/token/lookup-self", "a wrapping token")
	looked := write(client, "sys/wrapping/lookup", object{"token": wrapped.WrapInfo.Token})
	expect(looked["creation_path"] == "auth/token/lookup-self", "where it was made")
	unwrapped, err := withToken(client, "").Logical().Unwrap(wrapped.WrapInfo.Token)
	check(err)
	expect(fmt.Sprint(unwrapped.Data["policies"]) == "[root]", "what was wrapped: ", unwrapped.Data)
	_, err = client.Logical().Unwrap(wrapped.WrapInfo.Token)
	refused(err, 400, "wrapping token is not valid or does not exist")
	plain, err := wrapper.Logical().Write("sys/wrapping/wrap", object{"hello": "world"})
	check(err)
	again, err := client.Logical().Write("sys/wrapping/rewrap", object{"token": plain.WrapInfo.Token})
	check(err)
	last, err := client.Logical().Unwrap(again.WrapInfo.Token)
	check(err)
	expect(last.Data["hello"] == "world", "hello")
}
