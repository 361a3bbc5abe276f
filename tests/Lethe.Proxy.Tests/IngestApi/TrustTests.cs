using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Lethe.Proxy.Access;
using Lethe.Proxy.Tests.Hosting;

namespace Lethe.Proxy.Tests.IngestApi;

public sealed class TrustTests
{
    private const string Org = "0b6f1c1e-0000-4000-8000-000000000001";
    private const string Other = "0b6f1c1e-0000-4000-8000-000000000002";

    [Fact]
    public async Task What_comes_in_belongs_to_the_token_and_no_other_organisation_sees_it()
    {
        await using var lethe = await LetheUnderTest.StartAsync(options => options.Tokens.Required = "always");
        var tokens = new TokenFile(lethe.DataDirectory, TimeProvider.System);
        var (_, ours) = await tokens.CreateAsync(Org, "alice", [AccessScope.Read, AccessScope.Ingest], null);
        var (_, theirs) = await tokens.CreateAsync(Other, "bob", [AccessScope.Read, AccessScope.Ingest], null);
        var producer = new Producer(lethe);

        var (_, result) = await producer.SendAsync(Naming("auth_subject", "mallory"), token: ours.ToString());
        var (foreign, problem) = await producer.SendAsync(Naming("org_id", Other), token: ours.ToString());
        var (_, own) = await producer.SendAsync(Naming("org_id", Org), token: ours.ToString());
        var (_, same) = await producer.SendAsync(Producer.Payload("s-1", "hi", "k"), token: theirs.ToString());
        foreach (var path in (string[])["/v1/ingest", "/v1/ingest/batch"])
        {
            var (named, refused) = await producer.SendAsync(Producer.Payload("s-1", "hi", "elsewhere"), path + "?org=" + Other, ours.ToString());
            Assert.Equal((HttpStatusCode.Forbidden, "foreign_org"), (named, refused.GetProperty("code").GetString()));
        }

        Assert.Equal("accepted", result.GetProperty("status").GetString());
        Assert.Equal((HttpStatusCode.Forbidden, "foreign_org"), (foreign, problem.GetProperty("code").GetString()));
        Assert.Equal("duplicate", own.GetProperty("status").GetString());
        Assert.Equal("accepted", same.GetProperty("status").GetString());
        var exchange = result.GetProperty("exchange_id").GetString();
        var session = result.GetProperty("session_id").GetString();
        foreach (var path in (string[])[$"/v1/exchanges/{exchange}", $"/v1/sessions/{session}", $"/v1/exchanges/{exchange}/body/request"])
        {
            Assert.NotEqual(HttpStatusCode.NotFound, (await AskAsync(lethe, path, ours.ToString())).StatusCode);
            Assert.Equal(HttpStatusCode.NotFound, (await AskAsync(lethe, path, theirs.ToString())).StatusCode);
            Assert.Equal(HttpStatusCode.NotFound, (await AskAsync(lethe, path + "?org=" + Org, theirs.ToString())).StatusCode);
        }

        using var told = await AskAsync(lethe, "/v1/sessions/" + session, ours.ToString());
        var found = JsonDocument.Parse(await told.Content.ReadAsStringAsync()).RootElement.GetProperty("session");
        Assert.Equal((Org, "alice"), (found.GetProperty("org_id").GetString(), found.GetProperty("auth_subject").GetString()));
    }

    [Fact]
    public async Task L_32_an_administrator_may_name_one_organisation_or_all_and_nobody_else_any()
    {
        await using var lethe = await LetheUnderTest.StartAsync(options => options.Tokens.Required = "always");
        var tokens = new TokenFile(lethe.DataDirectory, TimeProvider.System);
        var (_, ours) = await tokens.CreateAsync(Org, "alice", [AccessScope.Read, AccessScope.Ingest], null);
        var (_, theirs) = await tokens.CreateAsync(Other, "bob", [AccessScope.Read, AccessScope.Ingest], null);
        var (_, admin) = await tokens.CreateAsync(Capture.Exchanges.Organisation.None, "root", [AccessScope.Read, AccessScope.Admin], null);
        var producer = new Producer(lethe);
        for (var i = 0; i < 4; i++)
        {
            await producer.SendAsync(Producer.Payload("s-" + i, "hi " + i), token: (i % 2 == 0 ? ours : theirs).ToString());
        }

        foreach (var list in (string[])["/v1/exchanges", "/v1/sessions"])
        {
            var orgs = new List<string>();
            for (var cursor = ""; cursor is not null;)
            {
                var page = await JsonAsync(lethe, $"{list}?org=*&limit=1{cursor}", admin.ToString());
                orgs.AddRange(page.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("org_id").GetString()!));
                cursor = page.GetProperty("next_cursor").GetString() is { } next ? "&cursor=" + Uri.EscapeDataString(next) : null;
            }

            Assert.Equal([Org, Org, Other, Other], orgs.Order());
            Assert.Equal(2, (await JsonAsync(lethe, $"{list}?org={Org}", admin.ToString())).GetProperty("items").GetArrayLength());
            Assert.Equal(HttpStatusCode.Forbidden, (await AskAsync(lethe, list + "?org=*", ours.ToString())).StatusCode);
        }

        Assert.Equal("s-1", (await JsonAsync(lethe, "/v1/sessions/s-1?org=*", admin.ToString())).GetProperty("session").GetProperty("harness_session_id").GetString());
        Assert.Equal(4, (await JsonAsync(lethe, "/v1/stats?org=*", admin.ToString())).GetProperty("total").GetProperty("turns").GetInt32());
        Assert.Equal(HttpStatusCode.NotFound, (await AskAsync(lethe, "/v1/sessions/s-1", admin.ToString())).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await AskAsync(lethe, "/v1/search?q=hi&org=*", admin.ToString())).StatusCode);
    }

    [Theory]
    [InlineData("127.0.0.0/8", Org, 200)]
    [InlineData("127.0.0.1", "no-uuid", 401)]
    [InlineData("10.0.0.1", Org, 401)]
    public async Task A_gateways_word_on_who_asks_counts_from_a_trusted_peer_alone(string trusted, string told, int expected)
    {
        await using var lethe = await LetheUnderTest.StartAsync(options =>
        {
            options.Tokens.Required = "always";
            options.TrustedProxies = [trusted];
        });
        lethe.Admin.DefaultRequestHeaders.Add("x-paper-auth-org-id", told);
        lethe.Admin.DefaultRequestHeaders.Add("x-paper-auth-subject", "carol");
        var producer = new Producer(lethe);

        var (status, result) = await producer.SendAsync(Producer.Payload("s-1", "hi"));

        Assert.Equal(expected, (int)status);
        Assert.Equal(expected == 200, result.TryGetProperty("session_id", out var session));
        if (expected == 200)
        {
            var found = (await producer.GetAsync("/v1/sessions/" + session.GetString())).GetProperty("session");
            Assert.Equal((Org, "carol"), (found.GetProperty("org_id").GetString(), found.GetProperty("auth_subject").GetString()));
            using var erase = await lethe.Admin.DeleteAsync("/v1/sessions/" + session.GetString());
            Assert.Equal(HttpStatusCode.Forbidden, erase.StatusCode);
        }
    }

    [Fact]
    public async Task While_the_store_refuses_nothing_is_claimed_and_the_same_delivery_is_stored_once_afterwards()
    {
        var data = Path.Combine(Directory.CreateTempSubdirectory("lethe-test-").FullName, "data");
        Directory.Move(Directory.CreateTempSubdirectory("lethe-test-").FullName, data);
        var store = Path.Combine(data, "lethe.db");
        await File.WriteAllTextAsync(store, string.Concat(Enumerable.Repeat("no database at all\n", 100)));
        await using var lethe = await LetheUnderTest.StartAsync(options => options.DataDirectory = data);
        var producer = new Producer(lethe);

        var (refused, problem) = await producer.SendAsync(Producer.Payload("s-1", "hi", "k"));
        var (lines, _) = await producer.SendAsync(Producer.Event("t1"), Producer.Lines);
        var (journaled, _) = await producer.SendAsync(Producer.Payload("s-1", "other", "k2"), "/v1/ingest?wait=journal");
        File.Delete(store);
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (!(await lethe.Admin.GetAsync("/readyz", bound.Token)).IsSuccessStatusCode)
        {
            await tick.WaitForNextTickAsync(bound.Token);
        }

        var (after, result) = await producer.SendAsync(Producer.Payload("s-1", "hi", "k"));

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "store_unavailable"), (refused, problem.GetProperty("code").GetString()));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, lines);
        Assert.Equal(HttpStatusCode.Accepted, journaled);
        Assert.Equal((HttpStatusCode.OK, "duplicate"), (after, result.GetProperty("status").GetString()));
        Assert.Equal(3, (await producer.GetAsync("/v1/exchanges")).GetProperty("items").GetArrayLength());
    }

    private static JsonObject Naming(string field, string value) => Producer.Payload("s-1", "hi", "k", change: payload => payload["session"]![field] = value);

    private static async Task<JsonElement> JsonAsync(LetheUnderTest lethe, string path, string token)
    {
        using var response = await AskAsync(lethe, path, token);
        return JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
    }

    private static async Task<HttpResponseMessage> AskAsync(LetheUnderTest lethe, string path, string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Authorization = new System.Net.Http.Headers.AuthenticationHeaderValue("Bearer", token);
        return await lethe.Admin.SendAsync(request);
    }
}
