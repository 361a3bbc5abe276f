using System.Net.Sockets;
using System.Text.RegularExpressions;
using Lethe.Proxy.Hosting;
using Lethe.Proxy.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Lethe.Proxy.Tests.Hosting;

public sealed partial class HostLogTests
{
    [Fact]
    public void An_event_is_one_line_with_time_level_and_category()
    {
        Assert.Matches(ShortLine(), Line("Ingest did not catch up.", null));
    }

    [Fact]
    public void Nothing_from_the_wire_ends_the_line_or_speaks_to_the_terminal_or_makes_it_long()
    {
        var line = Line("Host 'a\nb\r\u001b[31mred\u0007' " + new string('x', 20_000), Thrown(() => throw new InvalidOperationException(new string('y', 20_000) + "\n at Z")));

        Assert.Equal(OneLineFormatter.LineCharsMax + 1, line.Length);
        Assert.EndsWith("…\n", line, StringComparison.Ordinal);
        Assert.DoesNotContain(line[..^1], char.IsControl);
    }

    [Fact]
    public void What_another_machine_can_cause_is_told_by_its_chain_and_without_a_trace()
    {
        var line = Line("Failed.", Thrown(() =>
        {
            try
            {
                throw new SocketException((int)SocketError.ConnectionReset);
            }
            catch (SocketException fault)
            {
                throw new InvalidOperationException("Outer.", new HttpRequestException("The answer broke off.", fault));
            }
        }));

        Assert.Contains("Failed. <- InvalidOperationException: Outer. <- HttpRequestException: The answer broke off. <- SocketException: ", line, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", line, StringComparison.Ordinal);
    }

    [Fact]
    public void A_bug_is_told_with_the_frames_that_there_is_room_for()
    {
        var line = Line("Failed.", Thrown(() => throw new InvalidOperationException("A bug.")));

        Assert.Contains("Failed. <- InvalidOperationException: A bug.    at Lethe.Proxy.Tests.Hosting.HostLogTests", line, StringComparison.Ordinal);
        Assert.Equal(1, line.Count(character => character == '\n'));
    }

    [Fact]
    public async Task Clients_and_upstreams_that_go_away_leave_no_trace_in_the_log_and_no_long_line()
    {
        var cut = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var heard = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var api = await FakeModelApi.StartAsync(async context =>
        {
            context.Response.ContentType = "text/event-stream";
            await context.Response.WriteAsync("data: one\n\n");
            await context.Response.Body.FlushAsync();
            if (context.Request.Path == "/v1/cut")
            {
                await cut.Task;
                context.Abort();
                return;
            }

            context.RequestAborted.Register(heard.SetResult);
            await heard.Task;
        });
        await using var lethe = await LetheProcess.StartAsync(null, LetheProcess.Upstream(api.Address));
        using var client = new HttpClient();
        var door = lethe.Listen + "/anthropic/v1/";
        using (var request = new HttpRequestMessage(HttpMethod.Post, door + "messages") { Content = new StringContent("{}") })
        using (await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead))
        {
            // Leaves in the middle of the answer.
        }

        await heard.Task.WaitAsync(TimeSpan.FromSeconds(30));
        using (var request = new HttpRequestMessage(HttpMethod.Post, door + "cut") { Content = new StringContent("{}") })
        using (var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead))
        {
            cut.SetResult();
            await Assert.ThrowsAnyAsync<Exception>(() => answer.Content.ReadAsByteArrayAsync());
        }

        using (var socket = new TcpClient("127.0.0.1", new Uri(lethe.Listen).Port))
        {
            await socket.GetStream().WriteAsync("no request at all\r\n\r\n"u8.ToArray());
            Assert.NotEqual(0, await socket.GetStream().ReadAsync(new byte[100]));
        }

        await lethe.StopAsync();

        var said = await lethe.SaidAsync();
        Assert.DoesNotContain("   at ", said, StringComparison.Ordinal);
        Assert.All(said.Split('\n'), line => Assert.InRange(line.Length, 0, OneLineFormatter.LineCharsMax));
    }

    [Fact]
    public async Task A_client_that_leaves_in_the_middle_is_at_most_one_line()
    {
        const int Clients = 3;
        using var began = new SemaphoreSlim(0);
        using var left = new SemaphoreSlim(0);
        await using var api = await FakeModelApi.StartStreamingAsync(async context =>
        {
            using var gone = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
            gone.Token.Register(() => left.Release());
            if (context.Request.Path == "/v1/answer")
            {
                await context.Response.WriteAsync("data: one\n\n");
                await context.Response.Body.FlushAsync();
            }

            began.Release();
            await Task.Delay(Timeout.Infinite, gone.Token).ContinueWith(_ => context.Abort(), TaskScheduler.Default);
        });
        await using var lethe = await LetheProcess.StartAsync(null, LetheProcess.Upstream(api.Address));
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        foreach (var moment in (string[])["upload", "thought", "answer"])
        {
            using var client = await RawConnection.OpenAsync(lethe.Listen, bound.Token);
            var length = moment == "upload" ? 100 : 2;
            await client.SendAsync($"POST /anthropic/v1/{moment} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {length}\r\n\r\n{{}}");
            await began.WaitAsync(bound.Token);
            if (moment == "answer")
            {
                await client.ReadUntilAsync("one");
            }

            client.Reset();
            await left.WaitAsync(bound.Token);
        }

        await lethe.StopAsync();

        var events = (await lethe.SaidAsync()).Split('\n').Where(line => AnEvent().IsMatch(line)).ToArray();
        Assert.True(events.Length <= Clients, string.Join('\n', events));
        Assert.All(events, line => Assert.InRange(line.Length, 0, OneLineFormatter.LineCharsMax));
    }

    private static Exception Thrown(Action act) => Record.Exception(act)!;

    private static string Line(string message, Exception? exception)
    {
        using var into = new StringWriter();
        var entry = new LogEntry<string>(LogLevel.Warning, "Lethe.Proxy.Tests", new EventId(7), message, exception, (state, _) => state);
        new OneLineFormatter(TimeProvider.System).Write(entry, null, into);
        return into.ToString();
    }

    [GeneratedRegex(@"^\S+Z (warn|fail|crit): ")]
    private static partial Regex AnEvent();

    [GeneratedRegex(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z warn: Lethe\.Proxy\.Tests\[7\] Ingest did not catch up\.\n\z")]
    private static partial Regex ShortLine();
}
