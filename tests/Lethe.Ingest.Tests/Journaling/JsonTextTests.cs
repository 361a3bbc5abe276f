using System.Text;
using System.Text.Json;
using Lethe.Ingest.Journaling;

namespace Lethe.Ingest.Tests.Journaling;

public sealed class JsonTextTests
{
    [Fact]
    public void Every_byte_at_every_place_of_a_vector_is_escaped_as_JSON_wants()
    {
        for (var value = 0; value < 0x80; value++)
        {
            for (var length = 1; length <= 35; length++)
            {
                for (var at = 0; at < length; at += 3)
                {
                    var plain = Enumerable.Repeat((byte)'a', length).ToArray();
                    plain[at] = (byte)value;
                    var destination = new byte[JsonText.EscapedBytesMax(length)];
                    var escaped = destination[..JsonText.Escape(plain, destination)];
                    Assert.Equal(plain, JsonText.UnescapeBytes(escaped));
                    Assert.Equal(Encoding.ASCII.GetString(plain), JsonSerializer.Deserialize<string>($"\"{Encoding.ASCII.GetString(escaped)}\""));
                }
            }
        }
    }

    [Theory]
    [InlineData("\\")]
    [InlineData("\\x")]
    [InlineData("\\u12")]
    [InlineData("\\uwxyz")]
    public void An_escape_that_JSON_does_not_have_is_refused(string inside)
    {
        Assert.Throws<FormatException>(() => JsonText.Unescape(Encoding.UTF8.GetBytes(inside)));
        Assert.Throws<FormatException>(() => JsonText.UnescapeBytes(Encoding.UTF8.GetBytes(inside)));
    }
}
