using System.Text;
using Lethe.Proxy.Configuration;
using Lethe.Proxy.Hosting;
using Lethe.Proxy.Tests.Support;
using Microsoft.Extensions.Configuration;

namespace Lethe.Proxy.Tests.Metrics;

public sealed class OtlpExportTests : IDisposable
{
    private readonly string home = Directory.CreateTempSubdirectory("lethe-otlp-").FullName;

    [Theory]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT", "", "/v1/metrics")]
    [InlineData("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "/here", "/here")]
    public async Task All_instruments_go_out_where_the_standard_variable_says(string key, string path, string received)
    {
        await using var api = await FakeModelApi.StartAsync(FakeModelApi.Json("{}"));
        await using var collector = await FakeModelApi.StartAsync(FakeModelApi.Json(""));
        await using (var lethe = await StartAsync(api.Address, (key, collector.Address + path), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"), ("OTEL_SERVICE_NAME", "our-recorder")))
        {
            using var client = new HttpClient();
            using var events = new StreamReader(await client.GetStreamAsync(new Uri(lethe.Doors.Admin + "/v1/events")));
            using var response = await client.PostAsync(new Uri(lethe.Doors.Forwarding + "/anthropic/v1/messages"), new StringContent("{}"));
            await StoredAsync(events);
        }

        var export = collector.Requests[^1];
        var told = Encoding.UTF8.GetString(export.Body);
        Assert.Equal((received, "application/x-protobuf"), (export.Target, export.Header("content-type")));
        Assert.All(
            ["our-recorder", "Lethe.Proxy", "lethe_proxy_ttfb_overhead_seconds", "Lethe.Ingest", "lethe_exchanges_total", "lethe_capture_bytes_total"],
            word => Assert.Contains(word, told, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Nothing_that_exports_is_loaded_where_nobody_asked()
    {
        using var program = LetheProgram.Start(home, "run", "--data", home, "--listen", "http://127.0.0.1:0", "--admin", "http://127.0.0.1:0", "--extproc", "http://127.0.0.1:0");
        await program.ReadLineAsync("lethe listens");

        Assert.DoesNotContain("OpenTelemetry", await File.ReadAllTextAsync($"/proc/{program.Id}/maps"), StringComparison.Ordinal);
        program.Signal(LetheProgram.SigTerm);
        await program.ExitAsync();
    }

    public void Dispose() => Directory.Delete(home, recursive: true);

    private static async Task StoredAsync(StreamReader events)
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (await events.ReadLineAsync(bound.Token) is { } line && !line.StartsWith("id: ", StringComparison.Ordinal))
        {
        }
    }

    private Task<LetheHost> StartAsync(string upstream, params (string Key, string Value)[] configured) => LetheHost.StartAsync(new LetheSettings(
        new ConfigurationBuilder().AddInMemoryCollection(configured.Select(pair => KeyValuePair.Create<string, string?>(pair.Key, pair.Value))).Build(),
        new LetheOptions
        {
            DataDirectory = home,
            Listen = "http://127.0.0.1:0",
            AdminListen = "http://127.0.0.1:0",
            ExtProc = new ExtProcOptions { Listen = "" },
            Upstreams = { ["anthropic"] = new UpstreamOptions { Address = upstream } },
        }));
}
