using System.Globalization;
using System.Security.Cryptography;
using Lethe.Capture.Exchanges;
using Lethe.Proxy.ExtProc;
using Answer = Lethe.Envoy.ProcessingResponse.ResponseOneofCase;
using BodyMode = Lethe.Envoy.ProcessingMode.Types.BodySendMode;

namespace Lethe.Proxy.Tests.ExtProc;

/// <summary>Whatever the filter is set to send, the user sees the call that they would have seen without us, and the record holds what was sent.</summary>
public sealed class BodyModeTests
{
    private static readonly BodyMode[] Modes = [BodyMode.None, BodyMode.Streamed, BodyMode.Buffered, BodyMode.BufferedPartial, BodyMode.FullDuplexStreamed];

    public static TheoryData<string, string, bool, bool, bool> Combinations()
    {
        var all = new TheoryData<string, string, bool, bool, bool>();
        foreach (var request in Modes)
        {
            foreach (var response in Modes)
            {
                all.Add($"{request}", $"{response}", false, false, false);
                all.Add($"{request}", $"{response}", true, true, false);
                all.Add($"{request}", $"{response}", false, true, true);
            }
        }

        return all;
    }

    [Theory]
    [MemberData(nameof(Combinations))]
    public async Task Every_mode_each_way_passes_unchanged(string request, string response, bool requestTrailers, bool responseTrailers, bool emptyLast)
    {
        await using var world = await ExtProcWorld.StartAsync();
        await using var connection = await world.ConnectAsync();
        var call = new PlayedCall
        {
            Request = Enum.Parse<BodyMode>(request),
            Response = Enum.Parse<BodyMode>(response),
            RequestBody = [[1, 2, 3], [4, 5], [6]],
            ResponseBody = [[7], [8, 9]],
            RequestTrailers = requestTrailers,
            ResponseTrailers = responseTrailers,
            EmptyLastChunk = emptyLast,
        };

        var seen = await EnvoyPlayer.PlayAsync(connection, call);

        Assert.Equal((200, null), (seen.Status, seen.Fault));
        Assert.Equal([1, 2, 3, 4, 5, 6], seen.RequestBody);
        Assert.Equal([7, 8, 9], seen.ResponseBody);
        var captured = await world.NextAsync();
        Assert.Equal(call.Request == BodyMode.None ? [] : [1, 2, 3, 4, 5, 6], captured.Request.Bytes.ToArray());
        Assert.Equal(call.Response == BodyMode.None ? [] : [7, 8, 9], captured.Response.Bytes.ToArray());
        Assert.Equal(call.Response == BodyMode.None ? Ending.Incomplete : Ending.Completed, captured.Ending);
        Assert.Equal(call.Request == BodyMode.None, captured.Request.Truncated);
        Assert.Equal(call.Response == BodyMode.None, captured.Response.Truncated);
        Assert.Equal(responseTrailers && call.Response != BodyMode.None ? 1 : 0, captured.ResponseTrailers.Count);
        await world.IdleAsync();
    }

    [Fact]
    public async Task The_metrics_tell_what_an_answer_takes()
    {
        await using var world = await ExtProcWorld.StartAsync();
        await using var connection = await world.ConnectAsync();
        await EnvoyPlayer.PlayAsync(connection, new PlayedCall { RequestBody = [[1]], ResponseBody = [[2]] });

        using var admin = new HttpClient();
        var count = Assert.Single((await admin.GetStringAsync(world.Admin + "/metrics")).Split('\n'), line => line.StartsWith("lethe_extproc_answer_seconds_count ", StringComparison.Ordinal));
        Assert.True(long.Parse(count.Split(' ')[1], CultureInfo.InvariantCulture) > 0, count);
    }

    [Theory]
    [InlineData("GET", 200)]
    [InlineData("HEAD", 200)]
    [InlineData("POST", 204)]
    [InlineData("POST", 304)]
    public async Task A_call_without_bodies_is_complete_with_its_headers(string method, int status)
    {
        await using var world = await ExtProcWorld.StartAsync();
        await using var connection = await world.ConnectAsync();
        var seen = await EnvoyPlayer.PlayAsync(connection, new PlayedCall { Method = method, Status = status, RequestBody = null, ResponseBody = null });
        Assert.Equal((status, null), (seen.Status, seen.Fault));
        var captured = await world.NextAsync();
        Assert.Equal((method, status, Ending.Completed, false), (captured.Method, captured.Status, captured.Ending, captured.Response.Truncated));
    }

    [Fact]
    public async Task An_empty_body_is_a_body()
    {
        await using var world = await ExtProcWorld.StartAsync();
        await using var connection = await world.ConnectAsync();
        var seen = await EnvoyPlayer.PlayAsync(connection, new PlayedCall());
        Assert.Equal((200, null), (seen.Status, seen.Fault));
        var captured = await world.NextAsync();
        Assert.Equal((Ending.Completed, 0L, 0L), (captured.Ending, captured.Request.WireBytes, captured.Response.WireBytes));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(32)]
    public async Task One_chunk_of_many_mebibytes_passes(int mebibytes)
    {
        await using var world = await ExtProcWorld.StartAsync();
        await using var connection = await world.ConnectAsync();
        var body = RandomNumberGenerator.GetBytes(mebibytes << 20);
        var seen = await EnvoyPlayer.PlayAsync(connection, new PlayedCall { Request = BodyMode.Buffered, RequestBody = [[1]], ResponseBody = [body] });
        Assert.Equal((200, null), (seen.Status, seen.Fault));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(body)), (await world.NextAsync()).Response.Sha256);
    }

    [Fact]
    public async Task Full_duplex_gives_back_megabytes_in_pieces_that_fit()
    {
        await using var world = await ExtProcWorld.StartAsync();
        await using var connection = await world.ConnectAsync();
        var body = Enumerable.Range(0, 32).Select(_ => RandomNumberGenerator.GetBytes(65_536)).ToArray();
        for (var i = 0; i < 3; i++)
        {
            var seen = await EnvoyPlayer.PlayAsync(connection, new PlayedCall { Request = BodyMode.FullDuplexStreamed, Response = BodyMode.FullDuplexStreamed, RequestBody = body, ResponseBody = body });
            Assert.Equal((200, null), (seen.Status, seen.Fault));
            var sha256 = SHA256.HashData(body.SelectMany(chunk => chunk).ToArray());
            Assert.Equal(sha256, SHA256.HashData(seen.RequestBody));
            Assert.Equal(sha256, SHA256.HashData(seen.ResponseBody));
            Assert.Equal(Convert.ToHexStringLower(sha256), (await world.NextAsync()).Response.Sha256);
        }
    }

    [Fact]
    public async Task Many_thousand_tiny_chunks_are_answered_one_by_one()
    {
        await using var world = await ExtProcWorld.StartAsync();
        await using var connection = await world.ConnectAsync();
        var chunks = Enumerable.Range(0, 20_000).Select(i => System.Text.Encoding.UTF8.GetBytes($"data: {i}\n\n")).ToArray();
        var seen = await EnvoyPlayer.PlayAsync(connection, new PlayedCall { RequestBody = null, ResponseBody = chunks });
        Assert.Equal((200, null), (seen.Status, seen.Fault));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(chunks.SelectMany(chunk => chunk).ToArray())), (await world.NextAsync()).Response.Sha256);
    }

    [Fact]
    public async Task A_last_chunk_that_comes_twice_in_full_duplex_is_given_back_once()
    {
        await using var world = await ExtProcWorld.StartAsync();
        await using var connection = await world.ConnectAsync();
        var stream = await connection.StartAsync(ExtProcDoor.ProcessPath);
        await stream.SendAsync(Messages.RequestHeaders().In(BodyMode.FullDuplexStreamed, BodyMode.Streamed));
        await stream.SendAsync(Messages.RequestBody("whole", end: true));
        await stream.SendAsync(Messages.RequestBody("whole", end: true));
        await stream.SendAsync(Messages.ResponseHeaders());
        await stream.SendAsync(Messages.ResponseBody("ok", end: true));
        await stream.HalfCloseAsync();
        var answers = new List<Answer>();
        while (await stream.ReadAnswerAsync() is { } answer)
        {
            answers.Add(answer.ResponseCase);
        }

        Assert.Equal([Answer.RequestHeaders, Answer.RequestBody, Answer.ResponseHeaders, Answer.ResponseBody], answers);
        Assert.Equal(5, (await world.NextAsync()).Request.WireBytes);
    }

    [Fact]
    public async Task Directions_that_interleave_are_answered_in_the_order_they_came()
    {
        await using var world = await ExtProcWorld.StartAsync();
        await using var connection = await world.ConnectAsync();
        var stream = await connection.StartAsync(ExtProcDoor.ProcessPath);
        await stream.SendAsync(Messages.RequestHeaders().In(BodyMode.Streamed, BodyMode.Streamed));
        await stream.SendAsync(Messages.RequestBody("a"));
        await stream.SendAsync(Messages.ResponseHeaders());
        await stream.SendAsync(Messages.ResponseBody("x"));
        await stream.SendAsync(Messages.RequestBody("b", end: true));
        await stream.SendAsync(Messages.ResponseBody("y", end: true));
        Answer[] expected = [Answer.RequestHeaders, Answer.RequestBody, Answer.ResponseHeaders, Answer.ResponseBody, Answer.RequestBody, Answer.ResponseBody];
        foreach (var kind in expected)
        {
            Assert.Equal(kind, (await stream.ReadAnswerAsync())!.ResponseCase);
        }

        var captured = await world.NextAsync();
        Assert.Equal("ab"u8.ToArray(), captured.Request.Bytes.ToArray());
        Assert.Equal("xy"u8.ToArray(), captured.Response.Bytes.ToArray());
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    public async Task A_stream_may_begin_with_any_kind_of_message(int kind)
    {
        await using var world = await ExtProcWorld.StartAsync();
        await using var connection = await world.ConnectAsync();
        var stream = await connection.StartAsync(ExtProcDoor.ProcessPath);
        var message = kind switch
        {
            2 => Messages.RequestHeaders(),
            3 => Messages.ResponseHeaders(),
            4 => Messages.RequestBody("q"),
            5 => Messages.ResponseBody("a"),
            6 => Messages.RequestTrailers(("t", "1")),
            _ => Messages.ResponseTrailers(("t", "1")),
        };
        await stream.SendAsync(message.In(BodyMode.Streamed, BodyMode.Streamed));
        Assert.Equal(kind, (int)(await stream.ReadAnswerAsync())!.ResponseCase switch { 1 => 2, 2 => 3, 3 => 4, 4 => 5, 5 => 6, 6 => 7, var other => -other });
        await stream.HalfCloseAsync();
        Assert.Equal(0, (await stream.EndAsync()).Status);
        await world.IdleAsync();
        Assert.Equal(kind == 6 ? 0 : 1, world.Begun);
    }

    [Fact]
    public async Task A_recorder_that_fails_is_not_noticed()
    {
        await using var world = await ExtProcWorld.StartAsync();
        world.RecorderFault = new InvalidOperationException("disk gone");
        await using var connection = await world.ConnectAsync();
        var seen = await EnvoyPlayer.PlayAsync(connection, new PlayedCall { RequestBody = [[1]], ResponseBody = [[2]] });
        Assert.Equal((200, null), (seen.Status, seen.Fault));
        await world.IdleAsync();
    }
}
