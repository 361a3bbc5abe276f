using Lethe.Capture.Redaction;

namespace Lethe.Capture.Tests.Redaction;

public sealed class QueryMaskTests
{
    [Theory]
    [InlineData("?apiKey=s3cret&alt=sse", "?apiKey=[redacted]&alt=sse")]
    [InlineData("?APIKey=s3cret", "?APIKey=[redacted]")]
    [InlineData("?api-key=s3cret", "?api-key=[redacted]")]
    [InlineData("?accessToken=s3cret&clientSecret=s3cret", "?accessToken=[redacted]&clientSecret=[redacted]")]
    [InlineData("?sessionToken=s3cret&clientsecret=s3cret&sessionid=s3cret", "?sessionToken=[redacted]&clientsecret=[redacted]&sessionid=[redacted]")]
    [InlineData("?xOAuthToken=s3cret&my.authToken=s3cret", "?xOAuthToken=[redacted]&my.authToken=[redacted]")]
    [InlineData("?api%4Bey=s3cret", "?api%4Bey=[redacted]")]
    [InlineData("?a=1#access_token=s3cret", "?a=1#access_token=[redacted]")]
    [InlineData("?maxTokens=5&monkey=1&keyboard=qwerty&beta=true&apiKey=", "?maxTokens=5&monkey=1&keyboard=qwerty&beta=true&apiKey=")]
    public void A_parameter_whose_name_says_that_it_is_secret_loses_its_value(string query, string masked) => Assert.Equal(masked, QueryMask.Apply(query));

    [Theory]
    [InlineData("https://app.example/chat?apiKey=s3cret", "https://app.example/chat?apiKey=[redacted]")]
    [InlineData("/chat?accessToken=s3cret&x=1", "/chat?accessToken=[redacted]&x=1")]
    [InlineData("https://app.example/#id_token=s3cret&state=1", "https://app.example/#id_token=[redacted]&state=1")]
    [InlineData("https://app.example/key=1", "https://app.example/key=1")]
    public void A_referer_is_masked_like_a_query(string address, string masked) => Assert.Equal(masked, QueryMask.ApplyToAddress(address));
}
