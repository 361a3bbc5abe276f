using System.Net;
using System.Text;
using Lethe.Capture.Exchanges;
using Lethe.Proxy.Tests.Support;

namespace Lethe.Proxy.Tests.Forwarding;

/// <summary>An HTTP/2 upstream that restarts in good order (RFC 9113 §6.8): what it has not begun is another connection's, what it has begun it ends.</summary>
public sealed class GoAwayTests
{
    private const byte Data = 0;
    private const byte Headers = 1;
    private const byte Settings = 4;
    private const byte GoAway = 7;
    private const byte WindowUpdate = 8;
    private const byte EndStream = 1;
    private const byte EndHeaders = 4;
    private const byte Ack = 1;

    private const int PrefaceBytes = 24;
    private const int FrameHeadBytes = 9;

    [Theory]
    [InlineData(2)]
    [InlineData(300_000)]
    public async Task A_request_that_a_restart_left_untouched_is_sent_again(int length)
    {
        var connections = 0;
        await using var api = new RawServer(connection => ServeAsync(connection, untouched: Interlocked.Increment(ref connections) == 1));
        await using var door = await StartAsync(api);

        using var response = await door.Client.PostAsync("/v1/messages", new ByteArrayContent(new byte[length]));

        Assert.Equal((HttpStatusCode.OK, "ok"), (response.StatusCode, await response.Content.ReadAsStringAsync()));
        var exchange = await door.CapturedAsync();
        Assert.Equal((Ending.Completed, 200, (long)length, 2), (exchange.Ending, exchange.Status, exchange.Request.WireBytes, connections));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(300_000)]
    [InlineData(3_000_000)]
    public async Task A_request_that_no_connection_takes_is_a_502(int length)
    {
        await using var api = new RawServer(connection => ServeAsync(connection, untouched: true));
        await using var door = await StartAsync(api);

        using var response = await door.Client.PostAsync("/v1/messages", new ByteArrayContent(new byte[length]));

        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        var exchange = await door.CapturedAsync();
        Assert.Equal((Ending.NoResponse, null), (exchange.Ending, exchange.Status));
        Assert.NotNull(exchange.TransportError);
    }

    [Fact]
    public async Task A_request_that_was_begun_before_the_restart_is_answered_by_who_began_it()
    {
        var connections = 0;
        await using var api = new RawServer(connection =>
        {
            Interlocked.Increment(ref connections);
            return ServeAsync(connection, untouched: false, restarts: true);
        });
        await using var door = await StartAsync(api);
        for (var call = 1; call <= 2; call++)
        {
            using var response = await door.Client.PostAsync("/v1/messages", new StringContent("{}"));

            Assert.Equal((HttpStatusCode.OK, "ok"), (response.StatusCode, await response.Content.ReadAsStringAsync()));
            Assert.Equal((Ending.Completed, call), ((await door.CapturedAsync()).Ending, connections));
        }
    }

    private static Task<ForwardingDoor> StartAsync(RawServer api) =>
        ForwardingDoor.StartAsync(api.Address, setup => setup.Options.Upstreams["anthropic"].HttpVersion = "2");

    /// <param name="untouched">Says of the first request that it was not begun.</param>
    /// <param name="restarts">Says that it is the last.</param>
    private static async Task ServeAsync(RawConnection connection, bool untouched, bool restarts = false)
    {
        await connection.ReadAsync(PrefaceBytes);
        await connection.SendAsync(Frame(Settings, 0, 0, []));
        while (true)
        {
            var head = await connection.ReadAsync(FrameHeadBytes);
            var (kind, flags, stream) = (head[3], head[4], (head[7] << 8) | head[8]);
            var payload = await connection.ReadAsync((head[0] << 16) | (head[1] << 8) | head[2]);
            if (kind == Settings && (flags & Ack) == 0)
            {
                await connection.SendAsync(Frame(Settings, Ack, 0, []));
            }

            if (kind == Data && payload.Length > 0)
            {
                byte[] room = [0, (byte)(payload.Length >> 16), (byte)(payload.Length >> 8), (byte)payload.Length];
                await connection.SendAsync([.. Frame(WindowUpdate, 0, 0, room), .. Frame(WindowUpdate, 0, stream, room)]);
            }

            if (kind == Headers && (untouched || restarts))
            {
                await connection.SendAsync(Frame(GoAway, 0, 0, [0, 0, 0, (byte)(untouched ? 0 : stream), 0, 0, 0, 0]));
            }

            if (!untouched && kind is Headers or Data && (flags & EndStream) != 0)
            {
                const byte Status200 = 0x88;
                await connection.SendAsync([.. Frame(Headers, EndHeaders, stream, [Status200]), .. Frame(Data, EndStream, stream, Encoding.ASCII.GetBytes("ok"))]);
            }
        }
    }

    private static byte[] Frame(byte kind, byte flags, int stream, byte[] payload) =>
        [(byte)(payload.Length >> 16), (byte)(payload.Length >> 8), (byte)payload.Length, kind, flags, 0, 0, (byte)(stream >> 8), (byte)stream, .. payload];
}
