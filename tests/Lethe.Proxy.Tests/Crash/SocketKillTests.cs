using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Lethe.Proxy.Tests.Agents;
using Lethe.Proxy.Tests.Forwarding;
using Lethe.Proxy.Tests.Support;

namespace Lethe.Proxy.Tests.Crash;

/// <summary>A recorder that is killed while WebSockets are open: what had ended in them is there, once, and what had not says so.</summary>
public sealed class SocketKillTests
{
    /// <summary>Longer, in words, than a part of a call that is under way may take to the disk.</summary>
    private const int Words = 80;

    private static readonly TimeSpan Gap = TimeSpan.FromMilliseconds(25);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Calls_are_on_record_when_they_end_and_the_open_one_is_kept_as_cut()
    {
        using var patience = new CancellationTokenSource(Patience);
        await using var model = await FakeModelApi.StartStreamingAsync(async context =>
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            await AnswerAsync(socket);
        });
        var data = Path.Combine(Directory.CreateTempSubdirectory("lethe-kill-").FullName, "data");
        await using (var lethe = await LetheProcess.StartAsync(data, LetheProcess.Upstream(model.Address)))
        {
            using var one = await ConnectAsync(lethe, patience.Token);
            await AskAsync(one, "warm", "\"generate\":false", patience.Token);
            await AskAsync(one, "first", "\"previous_response_id\":\"resp_warm\"", patience.Token);
            Assert.Equal("first", (await UntilToldAsync(lethe, "resp_first", patience.Token)).Text("reply", "text"));
            Assert.Equal(WebSocketState.Open, one.State);

            using var other = await ConnectAsync(lethe, patience.Token);
            await AskAsync(other, "second", "\"previous_response_id\":\"resp_first\"", patience.Token);
            await UntilToldAsync(lethe, "resp_second", patience.Token);
            await SendAsync(other, "open", "\"previous_response_id\":\"resp_second\"", patience.Token);
            for (var heard = 0; heard < Words; heard++)
            {
                Assert.NotNull(await SocketRelay.HearAsync(other, patience.Token));
            }

            await lethe.KillAsync();
        }

        await using (var again = await LetheProcess.StartAsync(data))
        {
            await again.StopAsync();
        }

        var records = await LetheProcess.ExportAsync(data);
        var calls = records.Where(record => record.At("connection_id") is { ValueKind: JsonValueKind.String }).ToDictionary(record => record.Text("response_id")!);
        Assert.Equal(["resp_first", "resp_open", "resp_second", "resp_warm"], calls.Keys.Order(StringComparer.Ordinal));
        Assert.Equal((null, 1, 2), (calls["resp_warm"].Number("turn", "seq"), calls["resp_first"].Number("turn", "seq"), calls["resp_second"].Number("turn", "seq")));
        Assert.All(["resp_warm", "resp_first", "resp_second"], id => Assert.Equal("completed", calls[id].Text("outcome")));
        Assert.Equal(("incomplete", "recorder_stopped"), (calls["resp_open"].Text("outcome"), calls["resp_open"].Text("outcome_reason")));
        Assert.StartsWith("word word ", calls["resp_open"].Text("reply", "text"), StringComparison.Ordinal);

        // One conversation, though it was held in two connections.
        Assert.Equal(2, calls.Values.Select(call => call.Text("connection_id")).Distinct().Count());
        Assert.Single(calls.Values.Select(call => call.Text("session", "id")).Distinct());
        Directory.Delete(Path.GetDirectoryName(data)!, recursive: true);
    }

    private static async Task<ClientWebSocket> ConnectAsync(LetheProcess lethe, CancellationToken patience)
    {
        var client = new ClientWebSocket();
        client.Options.Proxy = null;
        await client.ConnectAsync(new Uri(lethe.Listen.Replace("http:", "ws:", StringComparison.Ordinal) + "/openai/v1/responses"), patience);
        return client;
    }

    private static Task SendAsync(ClientWebSocket client, string text, string more, CancellationToken patience) => client.SendAsync(
        Encoding.UTF8.GetBytes($$"""{"type":"response.create","model":"gpt-5.5",{{more}},"input":[{"type":"message","role":"user","content":[{"type":"input_text","text":"{{text}}"}]}]}"""),
        WebSocketMessageType.Text,
        true,
        patience);

    private static async Task AskAsync(ClientWebSocket client, string text, string more, CancellationToken patience)
    {
        await SendAsync(client, text, more, patience);
        while (await SocketRelay.HearAsync(client, patience) is { } heard && !heard.Contains("response.completed", StringComparison.Ordinal))
        {
        }
    }

    /// <summary>The record of a call, as soon as there is one.</summary>
    private static async Task<JsonElement> UntilToldAsync(LetheProcess lethe, string responseId, CancellationToken patience)
    {
        using var http = new HttpClient();
        while (true)
        {
            using var page = JsonDocument.Parse(await http.GetStringAsync(new Uri(lethe.Admin + "/v1/exchanges"), patience));
            var found = page.RootElement.GetProperty("items").EnumerateArray().Where(record => record.Text("response_id") == responseId).ToList();
            if (found.Count > 0)
            {
                return Assert.Single(found).Clone();
            }

            await Task.Delay(Gap, patience);
        }
    }

    /// <summary>Says the question back; of "open" one word after the other, without an end.</summary>
    private static async Task AnswerAsync(WebSocket socket)
    {
        try
        {
            while (await SocketRelay.HearAsync(socket) is { } asked)
            {
                var word = new[] { "warm", "first", "second", "open" }.Single(word => asked.Contains($"\"text\":\"{word}\"", StringComparison.Ordinal));
                var response = $$"""{"id":"resp_{{word}}","model":"gpt-5.5","status":""";
                await SocketRelay.SayAsync(socket, $$$"""{"type":"response.created","response":{{{response}}}"in_progress"}}""");
                while (word == "open")
                {
                    await SocketRelay.SayAsync(socket, """{"type":"response.output_text.delta","output_index":0,"content_index":0,"delta":"word "}""");
                    await Task.Delay(Gap);
                }

                var output = word == "warm" ? "" : $$"""{"type":"message","role":"assistant","content":[{"type":"output_text","text":"{{word}}"}]}""";
                await SocketRelay.SayAsync(socket, $$$"""{"type":"response.completed","response":{{{response}}}"completed","output":[{{{output}}}],"usage":{"input_tokens":10,"output_tokens":5} } }""");
            }
        }
        catch (Exception cut) when (cut is WebSocketException or IOException or OperationCanceledException)
        {
            // The recorder was killed under it.
        }
    }
}
