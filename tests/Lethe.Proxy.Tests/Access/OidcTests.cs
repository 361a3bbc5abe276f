using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text.Json;
using Lethe.Proxy.Access;
using Lethe.Proxy.Tests.Hosting;
using Lethe.Proxy.Tests.IngestApi;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.Tokens;
using Yarp.ReverseProxy.Model;

namespace Lethe.Proxy.Tests.Access;

/// <summary>Bearers of an issuer's JWTs, beside those of lethe's own tokens.</summary>
public sealed class OidcTests : IAsyncLifetime
{
    private const string Org = "0b6f1c1e-0000-4000-8000-000000000001";
    private const string Other = "0b6f1c1e-0000-4000-8000-000000000002";
    private const string Everything = "openid lethe.read lethe.ingest";

    private LocalIssuer issuer = null!;
    private LetheUnderTest lethe = null!;
    private Producer producer = null!;

    public async Task InitializeAsync()
    {
        issuer = await LocalIssuer.StartAsync();
        lethe = await LetheUnderTest.StartAsync(options =>
        {
            options.Tokens.Required = "always";
            (options.Oidc.Authority, options.Oidc.Audience, options.Oidc.OrgClaim) = (issuer.Authority, LocalIssuer.Audience, "org");
        });
        producer = new Producer(lethe);
    }

    public async Task DisposeAsync()
    {
        await lethe.DisposeAsync();
        await issuer.DisposeAsync();
    }

    [Fact]
    public async Task L_33_the_claims_tell_whose_it_is_and_who_said_it()
    {
        var (status, result) = await producer.SendAsync(Producer.Payload("s-1", "hi", "k"), token: issuer.Token(Org, Everything));
        Assert.Equal(HttpStatusCode.OK, status);

        using var told = await AskAsync("/v1/sessions/" + result.GetProperty("session_id").GetString(), issuer.Token(Org));
        var session = JsonDocument.Parse(await told.Content.ReadAsStringAsync()).RootElement.GetProperty("session");
        Assert.Equal((Org, "dora"), (session.GetProperty("org_id").GetString(), session.GetProperty("auth_subject").GetString()));
    }

    [Fact]
    public async Task L_33_a_token_that_is_not_good_is_none()
    {
        using var foreign = RSA.Create(2048);
        var now = TimeProvider.System.GetUtcNow().UtcDateTime;
        var good = issuer.Token(Org);
        var middle = good.LastIndexOf('.') + 10;
        string[] bad =
        [
            issuer.Token(Org, audience: "somebody-else"), issuer.Token(Org, issuer: "http://127.0.0.1:1"), issuer.Token(Org, from: now.AddHours(-3)),
            issuer.Token(Org, from: now.AddHours(2)), issuer.Token(null), issuer.Token("no-uuid"), issuer.Token(Org, other: new RsaSecurityKey(foreign) { KeyId = "key-0" }),
            issuer.Token(Org, other: issuer.PublicKeyAsSecret()), good[..middle] + (good[middle] == 'A' ? 'B' : 'A') + good[(middle + 1)..],
            "eyJhbGciOiJub25lIn0." + good.Split('.')[1] + ".", new string('x', 20_000),
        ];

        Assert.Equal(HttpStatusCode.OK, (await AskAsync("/v1/sessions", good)).StatusCode);
        foreach (var token in bad)
        {
            using var refused = await AskAsync("/v1/sessions", token);
            Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
            Assert.Contains("invalid_token", refused.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task L_33_keys_that_were_turned_are_asked_for_and_those_before_are_good_no_more()
    {
        var before = issuer.Token(Org);
        Assert.Equal(HttpStatusCode.OK, (await AskAsync("/v1/sessions", before)).StatusCode);

        issuer.Rotate();
        var after = issuer.Token(Org);
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while ((await AskAsync("/v1/sessions", after)).StatusCode != HttpStatusCode.OK)
        {
            await tick.WaitForNextTickAsync(bound.Token);
        }

        Assert.Equal(HttpStatusCode.Unauthorized, (await AskAsync("/v1/sessions", before)).StatusCode);
    }

    [Fact]
    public async Task While_the_issuer_is_away_nobody_knows_and_lethes_own_tokens_are_good()
    {
        issuer.IsDown = true;
        var (_, own) = await new TokenFile(lethe.DataDirectory, TimeProvider.System).CreateAsync(Org, null, [AccessScope.Read], null);

        using var unknown = await AskAsync("/v1/sessions", issuer.Token(Org));
        Assert.Equal((HttpStatusCode.ServiceUnavailable, true), (unknown.StatusCode, unknown.Headers.RetryAfter is not null));
        Assert.Equal(HttpStatusCode.OK, (await AskAsync("/v1/sessions", own.ToString())).StatusCode);
    }

    [Fact]
    public async Task Every_route_with_every_bearer_that_may_not_is_refused()
    {
        var (_, stored) = await producer.SendAsync(Producer.Payload("s-1", "hi", "k"), token: issuer.Token(Org, Everything));
        var tokens = new TokenFile(lethe.DataDirectory, TimeProvider.System);
        var (revoked, revokedText) = await tokens.CreateAsync(Org, null, AccessScope.All, null);
        await tokens.RevokeAsync(revoked.Id);
        var expired = issuer.Token(Org, Everything, from: TimeProvider.System.GetUtcNow().UtcDateTime.AddHours(-3));
        var foreign = issuer.Token(Other, Everything);
        var names = new Dictionary<string, string> { ["sessions"] = stored.GetProperty("session_id").GetString()!, ["exchanges"] = stored.GetProperty("exchange_id").GetString()! };
        var routes = Routes(names).ToList();

        Assert.InRange(routes.Count, 12, 1000);
        foreach (var (method, path) in routes)
        {
            var needed = method == "GET" ? AccessScope.Read : path.Contains("ingest", StringComparison.Ordinal) ? AccessScope.Ingest : AccessScope.Admin;
            var (_, wrong) = await tokens.CreateAsync(Org, null, [.. AccessScope.All.Where(scope => scope != needed)], null);
            Assert.Equal((method, path, 401), (method, path, await StatusAsync(method, path, null)));
            Assert.Equal((method, path, 401), (method, path, await StatusAsync(method, path, revokedText.ToString())));
            Assert.Equal((method, path, 401), (method, path, await StatusAsync(method, path, expired)));
            Assert.Equal((method, path, 403), (method, path, await StatusAsync(method, path, wrong.ToString())));
            if (method == "GET" && names.Values.Any(path.Contains))
            {
                Assert.Equal((path, 404), (path, await StatusAsync(method, path, foreign)));
            }
            else if (method == "GET" && path.StartsWith("/v1/", StringComparison.Ordinal) && path is not "/v1/events")
            {
                using var told = await AskAsync(path, foreign);
                var body = await told.Content.ReadAsStringAsync();
                Assert.All(names.Values, name => Assert.DoesNotContain(name, body, StringComparison.Ordinal));
            }
        }
    }

    [Fact]
    public async Task L_32_another_organisation_may_be_named_by_who_administers_and_by_nobody_else()
    {
        await producer.SendAsync(Producer.Payload("s-1", "hi", "k"), token: issuer.Token(Org, Everything));
        Assert.Equal(403, await StatusAsync("GET", "/v1/sessions?org=" + Org, issuer.Token(Other, Everything)));

        using var told = await AskAsync("/v1/sessions?org=" + Org, issuer.Token(Other, "lethe.read lethe.admin"));
        Assert.Equal(1, JsonDocument.Parse(await told.Content.ReadAsStringAsync()).RootElement.GetProperty("items").GetArrayLength());

        var (_, own) = await producer.SendAsync(Producer.Payload("s-2", "mine", "k2"), "/v1/ingest?org=" + Org, issuer.Token(Other, Everything + " lethe.admin"));
        Assert.Equal(404, await StatusAsync("GET", "/v1/exchanges/" + own.GetProperty("exchange_id").GetString(), issuer.Token(Org)));
    }

    private async Task<int> StatusAsync(string method, string path, string? token)
    {
        using var response = await SendAsync(method, path, token);
        return (int)response.StatusCode;
    }

    private Task<HttpResponseMessage> AskAsync(string path, string token) => SendAsync("GET", path, token);

    private async Task<HttpResponseMessage> SendAsync(string method, string path, string? token)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        request.Headers.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        return await lethe.Admin.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    // Every route that the admin listener has, those to come too; ids are filled in with those of another organisation's session.
    private IEnumerable<(string Method, string Path)> Routes(Dictionary<string, string> names) => lethe.Host.Services.GetRequiredService<EndpointDataSource>().Endpoints
        .OfType<RouteEndpoint>()
        .Where(endpoint => endpoint.Metadata.GetMetadata<RouteModel>() is null)
        .Select(endpoint => (Path: endpoint.RoutePattern.RawText!, Methods: endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET"]))
        .Where(route => route.Path is "/metrics" || route.Path.StartsWith("/v1/", StringComparison.Ordinal) || route.Path.StartsWith("/api/", StringComparison.Ordinal))
        .SelectMany(route => route.Methods.Select(method => (method, Filled(route.Path, names))));

    private static string Filled(string path, Dictionary<string, string> names)
    {
        var parts = path.Split('/');
        for (var i = 1; i < parts.Length; i++)
        {
            parts[i] = parts[i].StartsWith('{') ? names.GetValueOrDefault(parts[i - 1], "request") : parts[i];
        }

        return string.Join('/', parts);
    }
}
