using System.Globalization;
using System.Text.Json;

namespace Lethe.Proxy.Benchmarks;

/// <summary>Bytes on disk for each captured byte of one session of 200 turns whose history is sent again each time, and how soon what is on disk is read.</summary>
internal static class DiskBenchmark
{
    private const int Turns = 200;
    private const int ExportedSessions = 20;
    private const int ExportedTurns = 50;

    public static async Task RunAsync(Report report)
    {
        await using var upstream = await Upstream.StartAsync();
        await SizeAsync(report, upstream.Address);
        await ExportAsync(report, upstream.Address);
    }

    private static async Task SizeAsync(Report report, string upstream)
    {
        await using var proxy = await ProxyUnderTest.LetheAsync(upstream);
        var captured = await SessionAsync(proxy.Listen, "long-session", Turns);
        await proxy.StopAsync();
        var files = Directory.EnumerateFiles(proxy.DataDirectory!, "*", SearchOption.AllDirectories).Select(file => new FileInfo(file)).ToList();
        var store = files.Where(file => file.Name.Contains(".db", StringComparison.Ordinal)).Sum(file => file.Length);
        var rest = files.Sum(file => file.Length) - store;
        report.Table(
            $"Disk, one session of {Turns} turns, after a clean stop",
            ["captured", "store", "journal", "journal for each captured byte", "on disk for each captured byte"],
            [[Megabytes(captured), $"{store / 1_000_000.0:0.00} MB", $"{rest / 1_000_000.0:0.00} MB", Share(rest, captured), Share(store + rest, captured)]]);
    }

    private static async Task ExportAsync(Report report, string upstream)
    {
        await using var proxy = await ProxyUnderTest.LetheAsync(upstream);
        long captured = 0;
        for (var session = 0; session < ExportedSessions; session++)
        {
            captured += await SessionAsync(proxy.Listen, $"session-{session}", ExportedTurns);
        }

        await proxy.SettleAsync();
        await proxy.StopAsync();
        var (took, lines, bytes) = await ProxyUnderTest.ExportAsync(proxy.DataDirectory!);
        report.Table(
            $"lethe export --bodies of {ExportedSessions} sessions of {ExportedTurns} turns out of sealed segments, the command's start with it",
            ["exchanges", "captured", "written", "took"],
            [[Report.Count(lines), Megabytes(captured), Megabytes(bytes), took.TotalSeconds.ToString("0.0 s", CultureInfo.InvariantCulture)]]);
    }

    /// <summary>One conversation, and the bytes of its requests and answers.</summary>
    private static async Task<long> SessionAsync(string listen, string name, int turns)
    {
        using var http = new HttpClient();
        var system = AgentBodies.Words(7, 30_000);
        var messages = new List<object>();
        long captured = 0;
        for (var turn = 0; turn < turns; turn++)
        {
            messages.Add(new { role = "user", content = AgentBodies.Words(1000 + turn, 1200) });
            var body = JsonSerializer.SerializeToUtf8Bytes(new { model = "claude-sonnet-4-5", max_tokens = 1024, stream = true, system, messages });
            using var request = new HttpRequestMessage(HttpMethod.Post, listen + "/anthropic/v1/messages?events=40") { Content = new ByteArrayContent(body) };
            request.Headers.TryAddWithoutValidation("x-lethe-harness-id", "bench");
            request.Headers.TryAddWithoutValidation("x-lethe-harness-session-id", name);
            using var response = await http.SendAsync(request);
            captured += body.Length + (await response.Content.ReadAsByteArrayAsync()).Length;
            messages.Add(new { role = "assistant", content = string.Concat(Enumerable.Repeat("a few words at a time ", 40)) });
        }

        return captured;
    }

    private static string Megabytes(long bytes) => $"{bytes / 1_000_000.0:0.0} MB";

    private static string Share(long bytes, long captured) => ((double)bytes / captured).ToString("0.00 %", CultureInfo.InvariantCulture);
}
