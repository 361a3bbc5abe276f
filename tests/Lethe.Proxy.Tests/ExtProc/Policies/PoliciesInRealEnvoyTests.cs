using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.RegularExpressions;
using Lethe.Capture.Exchanges;
using Lethe.Proxy.Configuration;
using Lethe.Proxy.Tests.Support;
using Xunit.Abstractions;

namespace Lethe.Proxy.Tests.ExtProc.Policies;

/// <summary>Changed bodies and refused calls through the shipped blocking configuration in a real Envoy.</summary>
public sealed partial class PoliciesInRealEnvoyTests(ITestOutputHelper output)
{
    private const string Secret = "ghp_0123456789abcdefghijABCDEFGHIJ456789";
    private const string Mark = "[redacted:github_token]";

    [Theory]
    [InlineData("STREAMED", "/v1/messages")]
    [InlineData("BUFFERED", "/v1/messages")]
    [InlineData("STREAMED", "/duplex/v1/messages")]
    public async Task The_upstream_gets_the_redacted_body_and_envoy_finds_no_fault(string mode, string path)
    {
        if (await EnvoyProcess.FindAsync(output) is not { } program)
        {
            return;
        }

        await using var api = await FakeModelApi.StartAsync(FakeModelApi.Json("""{"answer":42}"""));
        await using var envoy = await EnvoyProcess.StartAsync(program, "blocking.yaml", api.Address, yaml => yaml.Replace("request_body_mode: STREAMED", "request_body_mode: " + mode, StringComparison.Ordinal));
        await using var world = await ExtProcWorld.StartAsync(options => (options.ExtProc.Listen, options.ExtProc.RedactRequests) = (envoy.Lethe, true));
        using var client = new HttpClient { BaseAddress = new Uri(envoy.Address) };
        foreach (var version in (Version[])[HttpVersion.Version11, HttpVersion.Version20])
        {
            foreach (var words in (int[])[0, 10, 12_000])
            {
                var text = Text(words);
                using var answer = await SendAsync(client, path, text, version);
                Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
                Assert.Equal("""{"answer":42}""", await answer.Content.ReadAsStringAsync());
                Assert.Equal(text.Replace(Secret, Mark, StringComparison.Ordinal), Encoding.UTF8.GetString(api.Requests[^1].Body));
                var captured = await world.NextAsync();
                Assert.Equal((Ending.Completed, Encoding.UTF8.GetByteCount(text)), (captured.Ending, (int)captured.Request.WireBytes));
                Assert.Equal($"{text.Split(Secret).Length - 1}", captured.Attributes["lethe.extproc.request_replaced"]);
            }
        }

        await AssertFaultlessAsync(envoy);
    }

    [Theory]
    [InlineData("/v1/messages", "claude-opus-5")]
    [InlineData("/duplex/v1/messages", "claude-opus-5")]
    [InlineData("/v1/files", "any")]
    public async Task A_refused_call_is_answered_by_envoy_and_never_arrives(string path, string model)
    {
        if (await EnvoyProcess.FindAsync(output) is not { } program)
        {
            return;
        }

        await using var api = await FakeModelApi.StartAsync(FakeModelApi.Json("""{"answer":42}"""));
        await using var envoy = await EnvoyProcess.StartAsync(program, "blocking.yaml", api.Address);
        await using var world = await ExtProcWorld.StartAsync(options =>
        {
            options.ExtProc.Listen = envoy.Lethe;
            options.ExtProc.Block["big"] = new BlockOptions { Model = "claude-opus*", Status = 429 };
            options.ExtProc.Block["files"] = new BlockOptions { PathPrefix = "/v1/files", Status = 429 };
        });
        using var client = new HttpClient { BaseAddress = new Uri(envoy.Address) };
        foreach (var version in (Version[])[HttpVersion.Version11, HttpVersion.Version20])
        {
            using var answer = await SendAsync(client, path, $$"""{"messages":"{{new string('x', 100_000)}}","model":"{{model}}"}""", version);
            Assert.Equal(HttpStatusCode.TooManyRequests, answer.StatusCode);
            Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
            Assert.Contains("\"code\":\"blocked\"", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
            Assert.Equal((429, "blocked"), await world.NextAsync() is var captured ? (captured.Status, captured.EndingReason) : default);
        }

        using var allowed = await SendAsync(client, "/v1/messages", """{"model":"claude-haiku-5"}""", HttpVersion.Version11);
        Assert.Equal(HttpStatusCode.OK, allowed.StatusCode);
        Assert.Single(api.Requests);
        await AssertFaultlessAsync(envoy);
    }

    private static string Text(int words) => $"{{\"model\":\"m\",\"text\":\"{Secret} {string.Concat(Enumerable.Range(0, words).Select(i => i % 1000 == 7 ? Secret + " " : $"wört{i} 漢字 "))}{Secret}\"}}";

    private static Task<HttpResponseMessage> SendAsync(HttpClient client, string path, string text, Version version)
    {
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(text));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return client.SendAsync(new HttpRequestMessage(HttpMethod.Post, path) { Content = content, Version = version, VersionPolicy = HttpVersionPolicy.RequestVersionExact });
    }

    private static async Task AssertFaultlessAsync(EnvoyProcess envoy)
    {
        using var admin = new HttpClient();
        var stats = await admin.GetStringAsync(new Uri(envoy.Admin + "/stats?filter=ext_proc"));
        var faults = Faults().Matches(stats).Where(match => match.Groups[2].Value != "0").Select(match => match.Value);
        Assert.Empty(faults);
        Assert.Contains("streams_started", stats, StringComparison.Ordinal);
    }

    [GeneratedRegex(@"(spurious_msgs_received|streams_failed|failure_mode_allowed|message_timeouts|rejected_header_mutations): (\d+)")]
    private static partial Regex Faults();
}
