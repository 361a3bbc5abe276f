using Lethe.Proxy.ExtProc;

namespace Lethe.Proxy.Tests.ExtProc;

/// <summary>The text beside a gRPC status.</summary>
public sealed class GrpcStatusMessageTests
{
    [Theory]
    [InlineData("A plain sentence; with 3 marks, \"quotes\" & a/slash.", "A plain sentence; with 3 marks, \"quotes\" & a/slash.")]
    [InlineData("100 %", "100 %25")]
    [InlineData("two\r\nlines", "two%0D%0Alines")]
    [InlineData("über", "%C3%BCber")]
    [InlineData("\u007f", "%7F")]
    [InlineData("", "")]
    public void Only_what_a_header_cannot_carry_is_percent_encoded(string message, string encoded) =>
        Assert.Equal(encoded, GrpcStatusMessage.Encode(message));
}
