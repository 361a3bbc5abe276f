using System.Globalization;
using Google.Protobuf;
using Lethe.Proxy.ExtProc;
using BodyMode = Lethe.Envoy.ProcessingMode.Types.BodySendMode;

namespace Lethe.Proxy.Tests.ExtProc;

/// <summary>Many streams, torn and damaged; afterwards nothing is left and the door still serves. Counts rise with <c>LETHE_STORM</c> and <c>LETHE_FUZZ</c>.</summary>
public sealed class StreamStormTests
{
    [Fact]
    public async Task Streams_reset_at_random_points_leave_nothing_behind()
    {
        await using var world = await ExtProcWorld.StartAsync();
        await using var connection = await world.ConnectAsync();
        var chance = new Random(4711);
        var streams = Count("LETHE_STORM", 10_000);
        var begun = 0;
        for (var i = 0; i < streams; i++)
        {
            var stream = await connection.StartAsync(ExtProcDoor.ProcessPath);
            var messages = chance.Next(4);
            begun += messages > 0 ? 1 : 0;
            for (var sent = 0; sent < messages; sent++)
            {
                await stream.SendAsync(sent == 0 ? Messages.RequestHeaders().In(BodyMode.Streamed, BodyMode.Streamed) : Messages.RequestBody("part"));
            }

            await stream.ResetAsync(chance.Next(2) == 0 ? Http2Connection.Cancel : Http2Connection.NoError);
            if (i % 200 == 0)
            {
                // Kestrel cuts a peer off that resets faster than it can answer: a whole call in between keeps the pace.
                Assert.Equal(200, (await EnvoyPlayer.PlayAsync(connection, new PlayedCall())).Status);
                begun++;
            }
        }

        await world.IdleAsync();
        // What a reset overtakes is lost to any server; what was begun has ended.
        Assert.InRange(world.Begun, 1, begun);
        Assert.False(connection.SawGoAway);
    }

    [Fact]
    public async Task Damaged_messages_harm_their_own_stream_at_most()
    {
        await using var world = await ExtProcWorld.StartAsync();
        await using var connection = await world.ConnectAsync();
        var chance = new Random(815);
        byte[][] seeds =
        [
            Messages.RequestHeaders().In(BodyMode.FullDuplexStreamed, BodyMode.Streamed).ToByteArray(),
            Messages.RequestBody("some body", end: true).ToByteArray(),
            Messages.ResponseHeaders(200, false, ("content-type", "text/event-stream")).ToByteArray(),
            Messages.ResponseBody("data: x\n\n").Watching().ToByteArray(),
            Messages.ResponseTrailers(("t", "1")).ToByteArray(),
        ];
        var messages = Count("LETHE_FUZZ", 20_000);
        while (messages > 0)
        {
            var stream = await connection.StartAsync(ExtProcDoor.ProcessPath);
            for (var i = chance.Next(1, 20); i > 0; i--, messages--)
            {
                await stream.SendAsync(Damage(seeds[chance.Next(seeds.Length)], chance));
            }

            await stream.HalfCloseAsync();
            await stream.EndAsync();
            Assert.True(stream.Status is 0 or 13 || stream.ResetCode is not null, $"ended with {stream.Status}");
        }

        await world.IdleAsync();
        Assert.Equal((200, null), await EnvoyPlayer.PlayAsync(connection, new PlayedCall { RequestBody = [[1]] }) is var seen ? (seen.Status, seen.Fault) : default);
    }

    private static byte[] Damage(byte[] seed, Random chance)
    {
        var bytes = seed.ToList();
        for (var i = chance.Next(4); i > 0 && bytes.Count > 0; i--)
        {
            var at = chance.Next(bytes.Count);
            switch (chance.Next(4))
            {
                case 0:
                    bytes[at] = (byte)chance.Next(256);
                    break;
                case 1:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
                case 2:
                    bytes.Insert(at, (byte)chance.Next(256));
                    break;
                default:
                    bytes[at] ^= (byte)(1 << chance.Next(8));
                    break;
            }
        }

        return [.. bytes];
    }

    private static int Count(string variable, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : otherwise;
}
