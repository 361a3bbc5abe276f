using System.Globalization;
using System.Text.Json;

namespace Lethe.Proxy.Benchmarks;

/// <summary>Bytes on disk for each captured byte of one session of 200 turns whose history is sent again each time.</summary>
internal static class DiskBenchmark
{
    private const int Turns = 200;

    public static async Task RunAsync(Report report)
    {
        await using var upstream = await Upstream.StartAsync();
        await using var proxy = await ProxyUnderTest.LetheAsync(upstream.Address);
        using var http = new HttpClient();
        var system = AgentBodies.Words(7, 30_000);
        var messages = new List<object>();
        long captured = 0;
        for (var turn = 0; turn < Turns; turn++)
        {
            messages.Add(new { role = "user", content = AgentBodies.Words(1000 + turn, 1200) });
            var body = JsonSerializer.SerializeToUtf8Bytes(new { model = "claude-sonnet-4-5", max_tokens = 1024, stream = true, system, messages });
            using var request = new HttpRequestMessage(HttpMethod.Post, proxy.Listen + "/anthropic/v1/messages?events=40") { Content = new ByteArrayContent(body) };
            request.Headers.TryAddWithoutValidation("x-lethe-harness-id", "bench");
            request.Headers.TryAddWithoutValidation("x-lethe-harness-session-id", "long-session");
            using var response = await http.SendAsync(request);
            captured += body.Length + (await response.Content.ReadAsByteArrayAsync()).Length;
            messages.Add(new { role = "assistant", content = string.Concat(Enumerable.Repeat("a few words at a time ", 40)) });
        }

        await proxy.StopAsync();
        var files = Directory.EnumerateFiles(proxy.DataDirectory!, "*", SearchOption.AllDirectories).Select(file => new FileInfo(file)).ToList();
        var store = files.Where(file => file.Name.Contains(".db", StringComparison.Ordinal)).Sum(file => file.Length);
        var rest = files.Sum(file => file.Length) - store;
        report.Table(
            $"Disk, one session of {Turns} turns, after a clean stop",
            ["captured", "store", "journal", "journal for each captured byte", "on disk for each captured byte"],
            [[$"{captured / 1_000_000.0:0.0} MB", $"{store / 1_000_000.0:0.00} MB", $"{rest / 1_000_000.0:0.00} MB", Share(rest, captured), Share(store + rest, captured)]]);
    }

    private static string Share(long bytes, long captured) => ((double)bytes / captured).ToString("0.00 %", CultureInfo.InvariantCulture);
}
