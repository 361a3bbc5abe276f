using System.Net;
using System.Text.Json;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Reading;
using Lethe.Ingest.Sqlite;
using Lethe.Proxy.Configuration;
using Lethe.Proxy.Forwarding;
using Lethe.Proxy.Hosting;
using Lethe.Proxy.Recording;
using Lethe.Proxy.Tests.Hosting;
using Lethe.Proxy.Tests.Support;
using WireMock.RequestBuilders;
using WireMock.ResponseBuilders;
using WireMock.Server;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;

namespace Lethe.Proxy.Tests.Forwarding;

public sealed class RoutingTests
{
    [Theory]
    [InlineData("/v1/messages", "anthropic", "/v1/messages")]
    [InlineData("/v1/messages/count_tokens", "anthropic", "/v1/messages/count_tokens")]
    [InlineData("/v1/chat/completions", "openai", "/v1/chat/completions")]
    [InlineData("/v1/responses/resp_1", "openai", "/v1/responses/resp_1")]
    [InlineData("/v1/embeddings", "openai", "/v1/embeddings")]
    [InlineData("/v1/models", "openai", "/v1/models")]
    [InlineData("/v1/models/gemini-2.5-pro:generateContent", "gemini", "/v1/models/gemini-2.5-pro:generateContent")]
    [InlineData("/v1beta/models/gemini-2.5-pro:streamGenerateContent", "gemini", "/v1beta/models/gemini-2.5-pro:streamGenerateContent")]
    [InlineData("/backend-api/codex/responses", "chatgpt", "/backend-api/codex/responses")]
    [InlineData("/chatgpt/responses", "chatgpt", "/backend-api/codex/responses")]
    [InlineData("/api/chat", "ollama", "/api/chat")]
    [InlineData("/api/v1/chat/completions", "openrouter", "/api/v1/chat/completions")]
    [InlineData("/groq/openai/v1/chat/completions", "groq", "/openai/v1/chat/completions")]
    [InlineData("/v2/chat", "cohere", "/v2/chat")]
    public async Task A_path_finds_its_upstream(string path, string upstream, string atUpstream)
    {
        using var api = Answering("{}");
        await using var door = await ForwardingDoor.StartAsync(setup =>
        {
            foreach (var vendor in Vendor.All)
            {
                setup.Options.Upstreams[vendor.Name] = new UpstreamOptions { Address = api.Url + (vendor.Name == "chatgpt" ? "/backend-api/codex" : "") };
            }
        });

        using var response = await door.Client.PostAsync(path, new StringContent("{}"));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(atUpstream, Assert.Single(api.LogEntries).RequestMessage!.Path);
        var exchange = await door.CapturedAsync();
        Assert.Equal((upstream, atUpstream), (exchange.Upstream, exchange.Path));
    }

    [Theory]
    [InlineData("/run-0190f5fe-7c00-7a00-8000-0123456789ab/anthropic/v1/messages?beta=%2f", "/v1/messages?beta=%2f", "0190f5fe-7c00-7a00-8000-0123456789ab")]
    [InlineData("/run-0190f5fe-7c00-7a00-8000-0123456789ab/v1/messages", "/v1/messages", "0190f5fe-7c00-7a00-8000-0123456789ab")]
    [InlineData("/run-0190f5fe-7c00-7a00-8000-0123456789ab", null, null)]
    [InlineData("/run-0190f5fe-7c00-7a00-8000-0123456789abc/v1/messages", null, null)]
    [InlineData("/%72un-0190f5fe-7c00-7a00-8000-0123456789ab/v1/messages", null, null)]
    [InlineData("/run-0/v1/messages", null, null)]
    public async Task A_run_in_the_path_is_recorded_and_goes_no_further(string path, string? atUpstream, string? run)
    {
        await using var api = await FakeModelApi.StartAsync(FakeModelApi.Json("{}"));
        await using var door = await ForwardingDoor.StartAsync(api.Address);

        var exactly = new Uri(door.Address + path, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        using var response = await door.Client.PostAsync(exactly, new StringContent("{}"));

        Assert.Equal(atUpstream is null ? HttpStatusCode.NotFound : HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(atUpstream, api.Requests.SingleOrDefault()?.Target);
        Assert.Null(api.Requests.SingleOrDefault()?.Header(RunPrefix.Header));
        if (run is not null)
        {
            var exchange = await door.CapturedAsync();
            Assert.Equal((run, "/v1/messages"), (exchange.RequestHeaders.First(RunPrefix.Header), exchange.Path));
        }
    }

    [Theory]
    [InlineData("/v1/user", false)]
    [InlineData("/v1/sessions/1/messages/2", false)]
    [InlineData("/v1/responses", true)]
    [InlineData("/v1/chat/completions", true)]
    public async Task Of_Groks_product_calls_no_body_is_kept_and_the_record_says_why(string path, bool isKept)
    {
        using var api = Answering("{\"email\":\"me@example\"}");
        await using var lethe = await LetheUnderTest.StartAsync(options => options.Upstreams["grok"] = new UpstreamOptions { Address = api.Url! });

        using var response = await lethe.Forwarding.PostAsync("/grok" + path, new StringContent("{\"private\":1}"));
        Assert.Equal("{\"email\":\"me@example\"}", await response.Content.ReadAsStringAsync());
        await lethe.Host.StopAsync();

        var (record, at) = Assert.Single(SqliteStore.OpenReader(DataLayout.Store(lethe.DataDirectory)).ExchangesWithBodies(Organisation.None, new ExchangeFilter()));
        using var journal = new JournalBodies(DataLayout.Journal(lethe.DataDirectory));
        var held = journal.TryRead(at!.Value)!;
        Assert.Equal("{\"private\":1}", Assert.Single(api.LogEntries).RequestMessage!.Body);
        Assert.Equal((13, 22, !isKept), (record.Request.Bytes, record.Response.Bytes, record.Response.Truncated));
        Assert.Equal(isKept ? (13, 22) : (0, 0), (held.Request.Bytes.Length, held.Response.Bytes.Length));
        Assert.Equal(!isKept, record is { Outcome: "not_decoded", OutcomeReason: "product_call" });
    }

    [Fact]
    public async Task A_version_header_tells_whose_models_are_meant()
    {
        using var api = Answering("{}");
        await using var door = await ForwardingDoor.StartAsync(api.Url!);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/models?limit=1");
        request.Headers.Add("anthropic-version", "2023-06-01");

        using var response = await door.Client.SendAsync(request);

        Assert.Equal("anthropic", (await door.CapturedAsync()).Upstream);
    }

    [Theory]
    [InlineData("/nowhere/v1/messages")]
    [InlineData("/")]
    [InlineData("/azure/openai/deployments/d/chat/completions")]
    public async Task An_unknown_path_is_a_404_that_names_the_known_prefixes(string path)
    {
        await using var door = await ForwardingDoor.StartAsync("http://127.0.0.1:1");

        using var response = await door.Client.PostAsync(path, new StringContent("{}"));

        Assert.Equal((HttpStatusCode.NotFound, "application/problem+json"), (response.StatusCode, response.Content.Headers.ContentType?.MediaType));
        using var problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        Assert.Equal(("unknown_route", 404), (problem.RootElement.GetProperty("code").GetString(), problem.RootElement.GetProperty("status").GetInt32()));
        var prefixes = problem.RootElement.GetProperty("prefixes").EnumerateArray().Select(prefix => prefix.GetString()).ToArray();
        Assert.Contains("/anthropic", prefixes);
        Assert.DoesNotContain("/azure", prefixes);
    }

    [Fact]
    public async Task An_upstream_of_ones_own_has_its_prefix_provider_and_base_path()
    {
        await using var api = await FakeModelApi.StartAsync(FakeModelApi.Json("{}"));
        await using var door = await ForwardingDoor.StartAsync(setup =>
        {
            setup.Options.Upstreams["house"] = new UpstreamOptions { Address = api.Address + "/gateway/", Provider = "mistral", PathPrefix = "/ours" };
            setup.Options.Upstreams["azure"] = new UpstreamOptions { Address = api.Address };
        });

        using var ours = await door.Client.GetAsync("/ours/v1/models");
        var first = await door.CapturedAsync();
        using var azure = await door.Client.GetAsync("/azure/openai/deployments/d/chat/completions?api-version=1");
        var second = await door.CapturedAsync();

        Assert.Equal(["/gateway/v1/models", "/openai/deployments/d/chat/completions?api-version=1"], api.Requests.Select(request => request.Target));
        Assert.Equal(("house", "mistral", "/gateway/v1/models"), (first.Upstream, first.Provider, first.Path));
        Assert.Equal(("azure", "azure-openai"), (second.Upstream, second.Provider));
    }

    [Fact]
    public async Task The_reverse_proxy_section_adds_routes_and_replaces_built_in_ones()
    {
        using var api = Answering("{}");
        await using var door = await ForwardingDoor.StartAsync(setup =>
        {
            setup.Options.Upstreams["anthropic"] = new UpstreamOptions { Address = "http://127.0.0.1:1" };
            setup.Settings["ReverseProxy:Clusters:anthropic:Destinations:d:Address"] = api.Url;
            setup.Settings["ReverseProxy:Clusters:lab:Destinations:d:Address"] = api.Url;
            setup.Settings["ReverseProxy:Routes:lab:ClusterId"] = "lab";
            setup.Settings["ReverseProxy:Routes:lab:Match:Path"] = "/lab/{**rest}";
            setup.Settings["ReverseProxy:Routes:lab:Metadata:lethe.provider"] = "groq";
            setup.Settings["ReverseProxy:Routes:lab:Transforms:0:PathRemovePrefix"] = "/lab";
            setup.Settings["ReverseProxy:Routes:lab:Transforms:1:RequestHeader"] = "x-team";
            setup.Settings["ReverseProxy:Routes:lab:Transforms:1:Set"] = "blue";
        });

        using var replaced = await door.Client.GetAsync("/anthropic/v1/models");
        var first = await door.CapturedAsync();
        using var added = await door.Client.GetAsync("/lab/v1/x");
        var second = await door.CapturedAsync();

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (replaced.StatusCode, added.StatusCode));
        Assert.Equal(["/v1/models", "/v1/x"], api.LogEntries.Select(entry => entry.RequestMessage!.Path));
        Assert.Equal("blue", api.LogEntries[1].RequestMessage!.Headers!["x-team"].Single());
        Assert.Equal(("anthropic", "anthropic"), (first.Upstream, first.Provider));
        Assert.Equal(("lab", "groq"), (second.Upstream, second.Provider));
    }

    [Fact]
    public async Task A_cluster_that_says_nothing_of_silence_gets_our_patience()
    {
        var filter = new ForwardingDefaults(new LetheOptions { Forwarding = { ActivityTimeoutSeconds = 1234 } });

        var filled = await filter.ConfigureClusterAsync(new ClusterConfig { ClusterId = "lab" }, CancellationToken.None);
        var own = new ForwarderRequestConfig { ActivityTimeout = TimeSpan.FromSeconds(5), Version = HttpVersion.Version20 };
        var kept = await filter.ConfigureClusterAsync(new ClusterConfig { ClusterId = "lab", HttpRequest = own }, CancellationToken.None);

        Assert.Equal((TimeSpan.FromSeconds(1234), HttpVersion.Version11), (filled.HttpRequest?.ActivityTimeout, filled.HttpRequest?.Version));
        Assert.Equal(own, kept.HttpRequest);
    }

    /// <summary>A model API that answers everything with this document.</summary>
    private static WireMockServer Answering(string document)
    {
        var api = WireMockServer.Start("http://127.0.0.1:0");
        api.Given(Request.Create()).RespondWith(Response.Create().WithHeader("Content-Type", "application/json").WithBody(document));
        return api;
    }
}
