# The other samples use these values.
export API_URL='https://api.example.com'
export API_CLIENT_ID='your-client-id'
export API_CLIENT_SECRET='your-client-secret'
export API_USERNAME='your-username'
export API_PASSWORD='your-password'
