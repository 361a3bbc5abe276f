using Lethe.Capture.Exchanges;
using Lethe.Proxy.ExtProc;
using BodyMode = Lethe.Envoy.ProcessingMode.Types.BodySendMode;

namespace Lethe.Proxy.Tests.ExtProc;

/// <summary>Taking our own headers off a request, where Envoy waits and the configuration asks for it.</summary>
public sealed class OwnHeadersTests
{
    private static readonly (string Name, string Value)[] Headers =
        [("x-lethe-commit-key", "k-1"), ("accept", "*/*"), ("x-tapes-cwd", "/a"), ("x-tapes-cwd", "/b"), ("x-letheish", "stays")];

    [Theory]
    [InlineData(true, false, "x-lethe-commit-key x-tapes-cwd")]
    [InlineData(false, false, "")]
    [InlineData(true, true, null)]
    public async Task Ours_are_taken_off_only_when_asked_for_and_only_where_envoy_waits(bool remove, bool observing, string? removed)
    {
        await using var world = await ExtProcWorld.StartAsync(options => options.ExtProc.RemoveOwnHeaders = remove);
        await using var connection = await world.ConnectAsync();
        var stream = await connection.StartAsync(ExtProcDoor.ProcessPath);
        var message = Messages.RequestHeaders(end: true, more: Headers);
        await stream.SendAsync(observing ? message.Watching() : message.In(BodyMode.Streamed, BodyMode.Streamed));
        await stream.HalfCloseAsync();
        var answer = await stream.ReadAnswerAsync();
        var mutation = answer?.RequestHeaders.Response?.HeaderMutation;
        Assert.Equal(removed, answer is null ? null : string.Join(' ', mutation?.RemoveHeaders ?? []));
        Assert.Empty(mutation?.SetHeaders ?? []);

        var captured = await world.NextAsync();
        Assert.Equal("k-1", captured.CommitKey);
        Assert.Equal(2, captured.RequestHeaders.Count(header => header.Name == "x-tapes-cwd"));
    }

    [Fact]
    public async Task A_request_without_any_gets_the_plain_answer()
    {
        await using var world = await ExtProcWorld.StartAsync(options => options.ExtProc.RemoveOwnHeaders = true);
        await using var connection = await world.ConnectAsync();
        var seen = await EnvoyPlayer.PlayAsync(connection, new PlayedCall { RequestBody = [[1]], ResponseBody = [[2]] });
        Assert.Equal((200, null), (seen.Status, seen.Fault));
        Assert.Equal(Ending.Completed, (await world.NextAsync()).Ending);
    }
}
