using System.Text.Json;
using System.Threading.Channels;
using Lethe.Capture;
using Lethe.Capture.Exchanges;
using Lethe.Proxy.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Xunit.Abstractions;

namespace Lethe.Proxy.Tests.Forwarding;

/// <summary>Recorded WebSockets through the door, byte by byte on both sides, and what was captured of them.</summary>
public sealed class RecordedSocketTests(ITestOutputHelper output)
{
    private const string Key = "dGhlIHNhbXBsZSBub25jZQ==";
    private const string Accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
    private const string Extension = "permessage-deflate";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Own_sessions_pass_byte_for_byte_and_their_turns_are_told() => Assert.True(await PlayAsync(SocketSession.Own()) > 0);

    [Fact]
    public async Task Shared_sessions_pass_byte_for_byte_and_their_turns_are_told()
    {
        if (SocketSession.Shared() is not { } sessions)
        {
            output.WriteLine("No shared/fixtures beside the checkout: nothing was played.");
            return;
        }

        Assert.True(await PlayAsync(sessions) > 0);
    }

    private async Task<int> PlayAsync(IEnumerable<SocketSession> sessions)
    {
        using var patience = new CancellationTokenSource(Patience);
        var accepted = Channel.CreateUnbounded<(Stream Stream, TaskCompletionSource Over)>();
        await using var api = await FakeModelApi.StartStreamingAsync(async context =>
        {
            context.Response.Headers.SecWebSocketAccept = Accept;
            context.Response.Headers.SecWebSocketExtensions = context.Request.Headers.SecWebSocketExtensions;
            context.Response.Headers.Upgrade = "websocket";
            await using var stream = await context.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync();
            var over = new TaskCompletionSource();
            await accepted.Writer.WriteAsync((stream, over));
            await over.Task.WaitAsync(patience.Token);
        });
        await using var door = await ForwardingDoor.StartAsync(setup => setup.Options.Upstreams["recorded"] = new() { Address = api.Address });
        var turns = 0;
        foreach (var session in sessions)
        {
            foreach (var deflates in new[] { false, true })
            {
                using var client = await RawConnection.OpenAsync(door.Address, patience.Token);
                await client.SendAsync($"GET /recorded{session.Path} HTTP/1.1\r\nHost: lethe\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {Key}\r\n"
                    + (deflates ? $"Sec-WebSocket-Extensions: {Extension}\r\n\r\n" : "\r\n"));
                var head = await client.ReadUntilAsync("\r\n\r\n");
                Assert.StartsWith("HTTP/1.1 101 ", head, StringComparison.Ordinal);
                Assert.Contains($"Sec-WebSocket-Accept: {Accept}\r\n", head, StringComparison.OrdinalIgnoreCase);
                Assert.Equal(deflates, head.Contains($"Sec-WebSocket-Extensions: {Extension}\r\n", StringComparison.OrdinalIgnoreCase));

                var (upstream, over) = await accepted.Reader.ReadAsync(patience.Token);
                await PlayAsync(session, deflates, client, upstream, patience.Token);
                over.SetResult();
                turns += await CheckAsync(session, deflates, door);
            }
        }

        output.WriteLine($"{turns} turns were told.");
        return turns;
    }

    private static async Task PlayAsync(SocketSession session, bool deflates, RawConnection client, Stream upstream, CancellationToken patience)
    {
        using var fromClient = new SocketWriter(isClient: true, session.IsBinary, deflates);
        using var fromServer = new SocketWriter(isClient: false, session.IsBinary, deflates);
        foreach (var (isOfClient, message) in session.Messages)
        {
            if (isOfClient)
            {
                await ToUpstreamAsync(fromClient.Write(message));
            }
            else
            {
                await ToClientAsync(fromServer.Write(message));
            }
        }

        await ToUpstreamAsync(fromClient.Close(1000));
        await ToClientAsync(fromServer.Close(4001));

        async Task ToUpstreamAsync(byte[] bytes)
        {
            await client.SendAsync(bytes);
            var got = new byte[bytes.Length];
            await upstream.ReadExactlyAsync(got, patience);
            Assert.True(got.AsSpan().SequenceEqual(bytes), session.Name + ": what the client said came otherwise");
        }

        async Task ToClientAsync(byte[] bytes)
        {
            await upstream.WriteAsync(bytes, patience);
            Assert.True((await client.ReadAsync(bytes.Length)).AsSpan().SequenceEqual(bytes), session.Name + ": what the server said came otherwise");
        }
    }

    private static async Task<int> CheckAsync(SocketSession session, bool deflates, ForwardingDoor door)
    {
        List<InterpretedExchange> turns = [];
        CapturedExchange exchange;
        while ((exchange = await door.CapturedAsync()).Attributes.ContainsKey(CapturedExchange.ConnectionAttribute))
        {
            var told = new ExchangeInterpreter().Interpret(exchange);
            if (told.IsTurn || told.Outcome != Outcome.Completed)
            {
                turns.Add(told);
            }
        }

        Assert.True(exchange is { Status: 101, Ending: Ending.Completed }, $"{session.Name}: {exchange.Status} {exchange.Ending} {exchange.EndingReason}");
        if (session.Turns is { } known)
        {
            Assert.True(known.Count == turns.Count, $"{session.Name}, deflated {deflates}: {turns.Count} turns of {known.Count}");
            Assert.All(known.Zip(turns), pair => Assert.Equal(session.Name + Known(pair.First), session.Name + Told(pair.Second, pair.First)));
        }

        return turns.Count;
    }

    private static string Known(JsonElement turn) => string.Concat(turn.EnumerateObject().Select(fact => $" {fact.Name}={fact.Value}")) + (turn.TryGetProperty("outcome", out _) ? "" : " outcome=Completed");

    private static string Told(InterpretedExchange told, JsonElement known) => string.Concat(known.EnumerateObject().Select(fact => fact.Name).Append("outcome").Distinct().Select(name => $" {name}=" + name switch
    {
        "id" => told.Turn?.ResponseId,
        "text" => told.Turn?.ReplyText,
        "tool" => told.Turn?.ToolCalls.Single().Name,
        "input" => told.Turn?.Usage?.InputTotal,
        "output" => told.Turn?.Usage?.Output,
        "stop" => told.Turn?.StopReason,
        "reason" => told.OutcomeReason,
        "outcome" => told.Outcome,
        _ => throw new InvalidOperationException(name),
    }));
}
