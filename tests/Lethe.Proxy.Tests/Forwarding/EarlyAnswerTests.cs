using System.Net;
using System.Text;
using Lethe.Capture.Exchanges;
using Lethe.Proxy.Tests.Support;

namespace Lethe.Proxy.Tests.Forwarding;

/// <summary>An HTTP/1.1 upstream that answers before it has read the request (RFC 9112 §9.5).</summary>
public sealed class EarlyAnswerTests
{
    private const string TooLarge = "HTTP/1.1 413 Payload Too Large\r\nConnection: close\r\nContent-Length: 5\r\n\r\nlarge";
    private const string SlowDown = "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nlarge\r\n0\r\n\r\n";
    private const string Unauthorized = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 401 Unauthorized\r\nContent-Length: 5\r\n\r\nlarge";
    private const string Forbidden = "HTTP/1.1 403 Forbidden\r\n\r\nlarge";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly byte[] Large = Encoding.ASCII.GetBytes(new string('a', 8_000_000));

    [Theory]
    [InlineData(TooLarge, 413, false)]
    [InlineData(TooLarge, 413, true)]
    [InlineData(SlowDown, 429, false)]
    [InlineData(SlowDown, 429, true)]
    [InlineData(Unauthorized, 401, false)]
    [InlineData(Forbidden, 403, false)]
    public async Task An_answer_to_an_upload_that_nobody_reads_comes_with_its_own_status(string answer, int status, bool chunked)
    {
        await using var api = new RawServer(async connection =>
        {
            await connection.ReadUntilAsync("\r\n\r\n");
            await connection.SendAsync(answer);
        });
        await using var door = await ForwardingDoor.StartAsync(api.Address);
        using var content = new ByteArrayContent(Large);
        content.Headers.ContentLength = chunked ? null : Large.Length;
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/messages") { Content = content };
        request.Headers.TransferEncodingChunked = chunked;

        using var response = await door.Client.SendAsync(request);

        Assert.Equal((status, "large"), ((int)response.StatusCode, await response.Content.ReadAsStringAsync()));
        var exchange = await door.CapturedAsync();
        Assert.Equal((Ending.Completed, status, "large"), (exchange.Ending, exchange.Status, Encoding.ASCII.GetString(exchange.Response.Bytes.Span)));
    }

    [Theory]
    [InlineData(TooLarge, "HTTP/1.1 413 Payload Too Large")]
    [InlineData(SlowDown, "HTTP/1.1 429 Too Many Requests")]
    [InlineData(Unauthorized, "HTTP/1.1 401 Unauthorized")]
    public async Task A_client_that_waits_in_the_middle_of_its_upload_has_the_answer(string answer, string line)
    {
        await using var api = new RawServer(async connection =>
        {
            await connection.ReadUntilAsync("\r\n\r\n");
            foreach (var piece in answer.Chunk(7))
            {
                await connection.SendAsync(new string(piece));
                await Task.Yield();
            }

            await connection.ReadToEndAsync();
        });
        await using var door = await ForwardingDoor.StartAsync(api.Address);
        using var client = await PassingThroughTests.Raw(door);
        await client.SendAsync("POST /v1/messages HTTP/1.1\r\nHost: lethe\r\nContent-Length: 5000\r\n\r\nhalf");

        var (head, body, _) = await client.ReadMessageAsync().WaitAsync(Patience);

        Assert.StartsWith(line, head, StringComparison.Ordinal);
        Assert.Equal("large", Encoding.ASCII.GetString(body));
        await client.SendAsync(" and more");
        var exchange = await door.CapturedAsync();
        Assert.Equal((Ending.Completed, line[9..12]), (exchange.Ending, exchange.Status?.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        Assert.StartsWith("half", Encoding.ASCII.GetString(exchange.Request.Bytes.Span), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_before_a_reset_is_heard()
    {
        await using var api = new RawServer(async connection =>
        {
            await connection.ReadUntilAsync("\r\n\r\n");
            await connection.SendAsync(TooLarge);
            connection.Reset();
        });
        await using var door = await ForwardingDoor.StartAsync(api.Address);

        using var response = await door.Client.PostAsync("/v1/messages", new ByteArrayContent(Large));

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Equal((Ending.Completed, 413), await EndOf(door));
    }

    [Fact]
    public async Task A_connection_that_was_used_before_hears_too_and_is_not_used_again()
    {
        var connections = 0;
        await using var api = new RawServer(async connection =>
        {
            Interlocked.Increment(ref connections);
            await connection.ReadRequestAsync();
            await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            await connection.ReadUntilAsync("\r\n\r\n");
            await connection.SendAsync(TooLarge.Replace("Connection: close\r\n", "", StringComparison.Ordinal));
            await connection.ReadToEndAsync();
        });
        await using var door = await ForwardingDoor.StartAsync(api.Address);
        for (var i = 0; i < 2; i++)
        {
            using var first = await door.Client.PostAsync("/v1/messages", new StringContent("{}"));
            Assert.Equal((HttpStatusCode.OK, (Ending.Completed, 200)), (first.StatusCode, await EndOf(door)));

            using var second = await door.Client.PostAsync("/v1/messages", new ByteArrayContent(Large));
            Assert.Equal((HttpStatusCode.RequestEntityTooLarge, (Ending.Completed, 413)), (second.StatusCode, await EndOf(door)));
        }

        Assert.Equal(2, connections);
    }

    [Fact]
    public async Task A_success_that_begins_early_does_not_end_the_upload()
    {
        var received = new TaskCompletionSource<int>();
        await using var api = new RawServer(async connection =>
        {
            await connection.ReadUntilAsync("\r\n\r\n");
            await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
            var rest = await connection.ReadUntilAsync("end");
            received.SetResult(rest.Length);
            await connection.SendAsync("ok");
        });
        await using var door = await ForwardingDoor.StartAsync(api.Address);

        var body = new string('a', 1_000_000) + "end";
        using var response = await door.Client.PostAsync("/v1/messages", new StringContent(body));

        Assert.Equal("ok", await response.Content.ReadAsStringAsync());
        Assert.Equal(body.Length, await received.Task);
        Assert.Equal((Ending.Completed, 200), await EndOf(door));
    }

    [Theory]
    [InlineData("")]
    [InlineData("HTTP/1.1 100 Continue\r\n\r\n")]
    [InlineData("HTTP/1.1 413 Payload Too La")]
    public async Task An_upload_that_is_broken_off_without_a_whole_head_is_a_502(string said)
    {
        await using var api = new RawServer(async connection =>
        {
            await connection.ReadUntilAsync("\r\n\r\n");
            await connection.SendAsync(said);
        });
        await using var door = await ForwardingDoor.StartAsync(api.Address);

        using var response = await door.Client.PostAsync("/v1/messages", new ByteArrayContent(Large));

        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        var exchange = await door.CapturedAsync();
        Assert.Equal((Ending.NoResponse, null, "reset"), (exchange.Ending, exchange.Status, exchange.TransportError?.Type));
    }

    private static async Task<(Ending, int?)> EndOf(ForwardingDoor door)
    {
        var exchange = await door.CapturedAsync();
        return (exchange.Ending, exchange.Status);
    }
}
