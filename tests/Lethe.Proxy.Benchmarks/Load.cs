using System.Diagnostics;

namespace Lethe.Proxy.Benchmarks;

/// <summary>What a load run measured: calls a second, and the time from the request to the first body byte.</summary>
internal sealed record LoadResult(double CallsPerSecond, TimeSpan FirstByteP50, TimeSpan FirstByteP99);

/// <summary>Load of c clients: each sends its next call when the last one has been read to its end, and not before it is due where a rate is given.</summary>
internal static class Load
{
    /// <param name="callsPerSecond">All clients' calls together; without it as many as go through.</param>
    public static async Task<LoadResult> RunAsync(string url, Func<byte[]> body, int clients, TimeSpan duration, double callsPerSecond = double.PositiveInfinity)
    {
        var gap = TimeSpan.FromSeconds(clients / callsPerSecond);
        using var http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = clients, UseProxy = false });
        var firstBytes = new List<long>[clients];
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, clients).Select(client => Task.Run(async () =>
        {
            var mine = firstBytes[client] = new List<long>(64 * 1024);
            var buffer = new byte[64 * 1024];
            for (var due = gap * client / clients; clock.Elapsed < duration; due += gap)
            {
                if (due - clock.Elapsed is { TotalMilliseconds: >= 1 } early)
                {
                    await Task.Delay(early);
                }

                mine.Add(await CallAsync(http, url, body(), buffer));
            }
        })));
        var elapsed = clock.Elapsed;
        var sorted = firstBytes.SelectMany(ticks => ticks).Order().ToArray();
        return new LoadResult(sorted.Length / elapsed.TotalSeconds, At(sorted, 0.50), At(sorted, 0.99));
    }

    /// <summary>One call, read to its end; Stopwatch ticks to its first body byte.</summary>
    public static async Task<long> CallAsync(HttpClient http, string url, byte[] body, byte[] buffer)
    {
        var began = Stopwatch.GetTimestamp();
        using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new ByteArrayContent(body) };
        request.Content.Headers.TryAddWithoutValidation("content-type", "application/json");
        request.Headers.TryAddWithoutValidation("x-api-key", "sk-ant-bench-0000");
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        response.EnsureSuccessStatusCode();
        await using var stream = await response.Content.ReadAsStreamAsync();
        var read = await stream.ReadAsync(buffer);
        var firstByte = Stopwatch.GetTimestamp() - began;
        while (read > 0)
        {
            read = await stream.ReadAsync(buffer);
        }

        return firstByte;
    }

    private static TimeSpan At(long[] sorted, double quantile) =>
        TimeSpan.FromSeconds(sorted[Math.Min(sorted.Length - 1, (int)(sorted.Length * quantile))] / (double)Stopwatch.Frequency);
}
